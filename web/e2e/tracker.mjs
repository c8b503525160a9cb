// The running tracker: asks it, sends it events, and takes its database away for a while.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { send } from './kafka.mjs';

export const base = process.env.BASE_URL ?? 'http://127.0.0.1:8080';
const broker = process.env.BROKER ?? '127.0.0.1:9092';
const topic = process.env.TOPIC ?? 'platform.payload-status';

export async function ask(query, variables = {}) {
  const response = await fetch(`${base}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  return answer.data;
}

/** A payload that ended well before these tests, straight from the API: the page must then say the same. */
export async function anyPayload(filter) {
  const { payloads } = await ask(
    `query ($filter: PayloadFilter) { payloads(filter: $filter, first: 50) { nodes {
       requestId orgId inventoryId systemId verdict { state sentence coveredFailures } stages { service } } } }`,
    { filter: { startedAt: { to: new Date(Date.now() - 30 * 60_000).toISOString() }, ...filter } },
  );
  return payloads.nodes.find((payload) => payload.inventoryId) ?? payloads.nodes[0];
}

export const sentence = ({ verdict }) => verdict.sentence.charAt(0).toUpperCase() + verdict.sentence.slice(1);

/** The last full hour that is so many hours ago. What happened before the last of them changes no more, and between two of them are whole buckets. */
export const hoursAgo = (n) =>
  new Date(Math.floor(Date.now() / 3_600_000 - n) * 3_600_000).toISOString().replace('.000Z', 'Z');

export const newId = () => randomUUID().replaceAll('-', '');

export const event = (request_id, service, status, more = {}) => ({
  request_id,
  service,
  status,
  org_id: '5318290',
  date: new Date().toISOString(),
  ...more,
});

export const tell = (...events) => send(broker, topic, events);

/** Waits until the API says so. */
export async function until(what, says) {
  for (const end = Date.now() + 120_000; Date.now() < end; await sleep(100)) if (await says()) return;
  assert.fail(`${what}: not within two minutes`);
}

/** Waits until that many events of a payload are stored. */
export const stored = (id, events) =>
  until(`${events} events of ${id}`, async () => {
    const { statuses } = await ask(
      `{ statuses(filter: { requestId: { eq: "${id}" } }, first: 0) { total { value } } }`,
    );
    return statuses.total.value >= events;
  });

/** A payload of that many events; done when all are stored. */
export async function longPayload(events) {
  const id = newId();
  const start = Date.now() - events * 100;
  await tell(
    ...Array.from({ length: events }, (_, i) =>
      event(id, 'yuptoo', i === 0 ? 'received' : i === events - 1 ? 'success' : 'processing', {
        date: new Date(start + i * 100).toISOString(),
        status_msg: `slice ${i + 1} of ${events}`,
      }),
    ),
  );
  await until(`the payload of ${events} events`, async () => {
    const { payload } = await ask(
      `{ payload(by: { requestId: "${id}" }) { timeline(last: 1) { nodes { message } } } }`,
    );
    const { statuses } = await ask(
      `{ statuses(filter: { requestId: { eq: "${id}" } }, first: 0) { total { value } } }`,
    );
    return (
      payload?.timeline.nodes[0]?.message === `slice ${events} of ${events}` &&
      statuses.total.value >= Math.min(events, 10_000)
    );
  });
  return id;
}

/** Holds the demo's database still while something is done; false where its processes cannot be seen. */
export async function withoutDatabase(during) {
  const held = databaseProcesses(process.env.DEMO_DIR);
  if (held.length === 0) return false;
  const signal = (name) => {
    for (const pid of held) {
      try {
        process.kill(pid, name);
      } catch {
        // One that has ended meanwhile.
      }
    }
  };
  signal('SIGSTOP');
  try {
    await during();
  } finally {
    signal('SIGCONT');
  }
  return true;
}

function databaseProcesses(dir) {
  if (!dir) return [];
  const seen = [];
  try {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const read = (file) => readFileSync(`/proc/${pid}/${file}`, 'utf8');
      try {
        const parent = Number(
          read('stat')
            .replace(/^.*\) . /s, '')
            .split(' ')[0],
        );
        seen.push({ pid: Number(pid), parent, command: read('cmdline') });
      } catch {
        // It has ended.
      }
    }
  } catch {
    return []; // no Linux
  }
  const server = seen.find(({ command }) => /postgres/.test(command.split('\0')[0] ?? '') && command.includes(dir));
  return server ? [server, ...seen.filter(({ parent }) => parent === server.pid)].map(({ pid }) => pid) : [];
}
