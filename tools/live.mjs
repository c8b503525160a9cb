// Follows payloads and statuses of a running server (its /graphql address is the argument) with the protocols' own clients, graphql-ws and
// graphql-sse, and breaks each rule of graphql-transport-ws for its close code. The server must have traffic: the demo has.
import assert from 'node:assert/strict';
import { createClient as createSSE } from 'graphql-sse';
import { createClient as createWS } from 'graphql-ws';
import { WebSocket } from 'ws';

const url = process.argv[2];
if (!url) throw new Error('name the address: node live.mjs http://127.0.0.1:8080/graphql');
const socketURL = url.replace(/^http/, 'ws');
const late = setTimeout(() => {
  console.error('live: nothing more came within two minutes');
  process.exit(1);
}, 120_000);

const tail = 'subscription { statuses { requestId service status date } }';
const follow = 'subscription ($id: RequestID!) { payload(requestId: $id) { requestId verdict { state final } timeline(last: 1) { nodes { service status } } } }';

// take gives the first n results of a subscription, and then leaves it.
async function take(client, n, query, variables) {
  const results = [];
  for await (const result of client.iterate({ query, variables })) {
    results.push(result);
    if (results.length === n) break;
  }
  return results;
}

async function follows(name, client) {
  const statuses = await take(client, 3, tail);
  assert.equal(statuses.length, 3, `${name}: the tail`);
  for (const { data, errors } of statuses) {
    assert.equal(errors, undefined);
    assert.match(data.statuses.requestId, /^[0-9a-f]{32}$/);
  }
  const changed = await changes(client);
  assert.notDeepEqual(changed[0].data, changed[1].data, `${name}: an answer that says nothing new`);

  const [unknown] = await take(client, 1, follow, { id: '00000000000000000000000000000001' });
  assert.deepEqual(unknown.data, { payload: null }, `${name}: an id that is not known yet`);

  const [ended] = await take(client, 1, '{ payloads(filter: {verdict: {in: [SUCCEEDED, FAILED]}, startedAt: {since: "PT20H"}}, orderBy: {field: STARTED_AT, direction: ASC}, first: 1) { nodes { requestId } } }');
  const final = await take(client, 100, follow, { id: ended.data.payloads.nodes[0].requestId });
  assert.equal(final.length, 1, `${name}: a payload that has ended is complete at once`);
  assert.equal(final[0].data.payload.verdict.final, true);
}

// changes gives two answers about one of the payloads that are on their way now; those that end meanwhile say only one.
async function changes(client) {
  for (;;) {
    const now = await take(client, 10, tail.replace('statuses', 'statuses(filter: { date: { since: "PT1M" } })'));
    const ids = new Set(now.map((result) => result.data.statuses.requestId));
    const twice = (id) => take(client, 2, follow, { id }).then((results) => (results.length === 2 ? results : Promise.reject(new Error(id))));
    const changed = await Promise.any([...ids].map(twice)).catch(() => undefined);
    if (changed) return changed;
  }
}

async function overSocket() {
  const closed = [];
  const client = createWS({ url: socketURL, webSocketImpl: WebSocket, retryAttempts: 0, lazyCloseTimeout: 200, on: { closed: (event) => closed.push(event.code) } });
  await follows('graphql-ws', client);
  await assert.rejects(take(client, 1, 'subscription { nothing }'), (errors) => errors[0].extensions.code === 'GRAPHQL_VALIDATION_FAILED');
  await client.dispose();
  while (closed.length === 0) await new Promise((next) => setTimeout(next, 20));
  assert.deepEqual(closed, [1000]);
}

async function overEvents() {
  const client = createSSE({ url, retryAttempts: 0 });
  await follows('graphql-sse', client);
  const [refused] = await take(client, 2, 'subscription { nothing }');
  assert.equal(refused.errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
  client.dispose();
}

// code is how the server closes after these messages.
function code(messages, protocol = 'graphql-transport-ws') {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(socketURL, protocol);
    socket.on('open', () => messages.forEach((m) => socket.send(typeof m === 'string' ? m : JSON.stringify(m))));
    socket.on('close', resolve);
    socket.on('error', reject);
  });
}

async function closes() {
  const init = { type: 'connection_init' };
  const subscribe = { type: 'subscribe', id: '1', payload: { query: tail } };
  const expected = [
    [4400, ['no JSON']],
    [4400, [{ type: 'unknown' }]],
    [4400, [init, { type: 'subscribe', payload: { query: tail } }]],
    [4401, [subscribe]],
    [4408, []],
    [4409, [init, subscribe, subscribe]],
    [4429, [init, init]],
    [4406, [], []], // none offered
  ];
  const got = await Promise.all(expected.map(([, messages, protocol]) => code(messages, protocol)));
  assert.deepEqual(got, expected.map(([want]) => want));
  return expected.length;
}

const [count] = await Promise.all([closes(), overSocket(), overEvents()]);
clearTimeout(late);
console.log(`live: graphql-ws and graphql-sse follow payloads and statuses; ${count} close codes as the protocol says`);
