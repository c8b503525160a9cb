// Sends messages to a broker: one request of Kafka's protocol (Produce, version 7) with one batch of records.
import { connect } from 'node:net';

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  return c;
});

function crc32c(bytes) {
  let c = 0xffffffff;
  for (const byte of bytes) c = (c >>> 8) ^ table[(c ^ byte) & 0xff];
  return (c ^ 0xffffffff) >>> 0;
}

const int16 = (n) => {
  const b = Buffer.alloc(2);
  b.writeInt16BE(n);
  return b;
};
const int32 = (n) => {
  const b = Buffer.alloc(4);
  b.writeInt32BE(n);
  return b;
};
const int64 = (n) => {
  const b = Buffer.alloc(8);
  b.writeBigInt64BE(BigInt(n));
  return b;
};
const text = (s) => Buffer.concat([int16(Buffer.byteLength(s)), Buffer.from(s)]);

/** A length or a difference, as records write them: zigzag, seven bits a byte. */
function varint(n) {
  const bytes = [];
  let z = n < 0 ? -2 * n - 1 : 2 * n;
  for (; z > 127; z = Math.floor(z / 128)) bytes.push((z % 128) | 128);
  return Buffer.from([...bytes, z]);
}

function record(value, offset) {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(0),
    varint(offset),
    varint(-1),
    varint(value.length),
    value,
    varint(0),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

function batch(values) {
  const now = Date.now();
  const checked = Buffer.concat([
    int16(0),
    int32(values.length - 1),
    int64(now),
    int64(now),
    int64(-1),
    int16(-1),
    int32(-1),
    int32(values.length),
    ...values.map(record),
  ]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32c(checked));
  const rest = Buffer.concat([int32(-1), Buffer.from([2]), sum, checked]);
  return Buffer.concat([int64(0), int32(rest.length), rest]);
}

/** Sends the events, as JSON, to one partition of the topic; done once the broker has them. */
export async function send(address, topic, events) {
  for (let i = 0; i < events.length; i += 2000) {
    const values = events.slice(i, i + 2000).map((event) => Buffer.from(JSON.stringify(event)));
    await produce(address, topic, batch(values));
  }
}

function produce(address, topic, records) {
  const request = Buffer.concat([
    ...[int16(0), int16(7), int32(1), text('e2e')], // Produce, its version, which request, who asks
    ...[int16(-1), int16(-1), int32(10_000)], // no transaction, every replica, within 10 s
    ...[int32(1), text(topic), int32(1), int32(0), int32(records.length), records],
  ]);
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), timeout: 15_000 });
    let answer = Buffer.alloc(0);
    socket.on('data', (data) => {
      answer = Buffer.concat([answer, data]);
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE()) return;
      socket.end();
      // Length, request, topics, name, partitions, partition: then the error.
      const error = answer.readInt16BE(4 + 4 + 4 + 2 + topic.length + 4 + 4);
      if (error === 0) resolve();
      else reject(new Error(`the broker refused the records: error ${error}`));
    });
    socket.on('timeout', () => socket.destroy(new Error(`${address} does not answer`)));
    socket.on('error', reject);
    socket.write(Buffer.concat([int32(request.length), request]));
  });
}
