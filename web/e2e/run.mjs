// Opens the pages of a running tracker (BASE_URL) in Chromium and walks through them as a person would.
// Fails on what it does not find, any console error, any page error, and any request to another host.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openBrowser, watched } from './browser.mjs';

const base = process.env.BASE_URL ?? 'http://127.0.0.1:8080';
const screenshots = fileURLToPath(new URL('../screenshots/', import.meta.url));
const sizes = { 1280: { width: 1280, height: 900 }, 390: { width: 390, height: 844 } };

async function ask(query, variables = {}) {
  const response = await fetch(`${base}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  return answer.data;
}

/** A payload of that state that names a host, straight from the API: the page must then say the same. Not a new one, whose verdict may still change. */
async function anyPayload(state) {
  const { payloads } = await ask(
    `query ($filter: PayloadFilter) { payloads(filter: $filter, first: 50) { nodes {
       requestId inventoryId systemId verdict { state sentence } stages { service } } } }`,
    { filter: { verdict: { in: [state] }, startedAt: { to: new Date(Date.now() - 30 * 60_000).toISOString() } } },
  );
  return payloads.nodes.find((payload) => payload.inventoryId) ?? payloads.nodes[0];
}

const sentence = (payload) => payload.verdict.sentence.charAt(0).toUpperCase() + payload.verdict.sentence.slice(1);

const only = process.env.ONLY; // part of a flow's name, while working on it

const flows = {
  async 'the first load, at most 300 kB of script'({ page }) {
    const scripts = new Set();
    page.on('request', (request) => request.resourceType() === 'script' && scripts.add(request.url()));
    await page.goto(base);
    await page.getByRole('grid', { name: 'Newest payloads' }).waitFor();
    let bytes = 0;
    for (const script of scripts) {
      const response = await fetch(script, { headers: { 'Accept-Encoding': 'gzip' } });
      bytes += Number(response.headers.get('Content-Length'));
      await response.body?.cancel();
    }
    assert.ok(scripts.size > 0 && bytes > 0 && bytes <= 300_000, `${bytes} bytes in ${scripts.size} scripts`);
  },

  async 'the newest payloads, a page back and forth'({ page, shot }) {
    await page.goto(base);
    await page.getByRole('grid', { name: 'Newest payloads' }).waitFor();
    const rows = page.locator('tbody tr');
    assert.ok((await rows.count()) >= 5, 'the list has rows');
    await shot('payloads');
    await page.getByRole('button', { name: 'Older' }).click();
    await page.waitForURL(/after=/);
    await page.getByRole('button', { name: 'Newer' }).and(page.locator(':enabled')).click();
    await page.waitForURL(/before=/);
    await page.goBack();
    await page.waitForURL(/after=/);
  },

  async 'only the failed ones'({ page, shot }) {
    await page.goto(base);
    await page.getByRole('button', { name: 'Failed' }).click();
    await page.waitForURL(/verdict=FAILED/);
    await page.waitForFunction(() => {
      const states = [...document.querySelectorAll('tbody td[data-label="Verdict"]')].map((cell) =>
        cell.textContent?.trim(),
      );
      return states.length > 0 && states.every((state) => state === 'Failed');
    });
    await shot('payloads-failed');
  },

  async 'a failed payload, found by its id with dashes and quotes'({ page, shot, failed }) {
    await page.goto(base);
    await page.getByRole('grid', { name: 'Newest payloads' }).waitFor();
    await page.keyboard.press('/');
    const dashed = failed.requestId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5').toUpperCase();
    await page.keyboard.type(` "${dashed}" `);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/payloads/${failed.requestId}`);
    await page.getByRole('heading', { level: 1, name: sentence(failed) }).waitFor();
    for (const stage of failed.stages) {
      await page.getByRole('grid', { name: 'Stages' }).getByText(stage.service, { exact: true }).first().waitFor();
    }
    assert.ok((await page.getByRole('grid', { name: 'Events' }).locator('tbody tr').count()) > 0, 'it has events');
    await shot('payload-failed');
  },

  async 'a succeeded payload, opened by its address'({ page, shot, succeeded }) {
    await page.goto(`${base}/payloads/${succeeded.requestId}`);
    await page.getByRole('heading', { level: 1, name: sentence(succeeded) }).waitFor();
    await shot('payload-succeeded');
  },

  async 'whatever a host id is, and its payloads'({ page, shot, failed }) {
    const id = failed.inventoryId ?? failed.systemId;
    if (!id) return;
    await page.goto(`${base}/find?id=${id}`);
    await page
      .getByText(/This is a|Identifiers/)
      .first()
      .waitFor();
    await shot('found');
  },

  async 'an unknown id'({ page, shot }) {
    await page.goto(base);
    await page.getByRole('textbox').fill('00000000-0000-4000-8000-00000000dead');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByRole('heading', { name: /is unknown/ }).waitFor();
    await shot('unknown');
  },

  async 'a database that is away, and comes back'({ page, shot }) {
    await page.goto(base);
    const list = page.getByRole('grid', { name: 'Newest payloads' });
    await list.waitFor();
    const errors = [{ message: 'the database does not answer', extensions: { code: 'UNAVAILABLE' } }];
    await page.route('**/graphql', (route) => route.fulfill({ json: { data: null, errors } }));
    await page.getByText('Shown is what was known at').waitFor();
    assert.ok(await list.isVisible(), 'what was known stays');
    await shot('out-of-date');
    await page.reload();
    await page.getByRole('heading', { name: 'The database is away' }).waitFor();
    await shot('database-away');
    await page.unroute('**/graphql');
    await page.getByRole('button', { name: 'Try again' }).click();
    await list.waitFor();
  },

  async 'no payload yet, and a slow answer'({ page, shot }) {
    let answer = () => {};
    const asked = new Promise((resolve) => {
      answer = resolve;
    });
    const pageInfo = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null };
    await page.route('**/graphql', async (route) => {
      await asked;
      await route.fulfill({ json: { data: { payloads: { nodes: [], pageInfo } } } });
    });
    await page.goto(base);
    await page.getByRole('status', { name: 'Loading' }).waitFor();
    await shot('loading');
    answer();
    await page.getByRole('heading', { name: 'No payload yet' }).waitFor();
    await shot('empty');
  },

  async 'an address that leads nowhere'({ page }) {
    await page.goto(`${base}/nowhere`);
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    const missing = await page.request.get(`${base}/assets/missing.js`);
    assert.equal(missing.status(), 404, 'a missing script is a 404');
  },

  async 'the playground'({ page, shot }) {
    await page.goto(`${base}/playground`);
    await page.locator('.graphiql-editor .view-lines').first().waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: /^Execute query/ }).click();
    await page.locator('.result-window').getByText('payloads').first().waitFor();
    await shot('playground');
  },

  async 'the playground follows live, explains and completes'({ page, width }) {
    if (width < 1000) return; // beside each other there
    const sockets = [];
    page.on('websocket', (socket) => sockets.push(socket.url()));
    await page.goto(`${base}/playground`);
    await page.locator('.graphiql-editor .view-lines').first().waitFor({ timeout: 30_000 });

    await page.getByRole('tab', { name: 'Live' }).click();
    const editor = page.locator('.graphiql-query-editor .monaco-editor').first();
    await editor.getByText('subscription').first().waitFor();
    await page.getByRole('button', { name: /^Execute query/ }).click();
    await page.locator('.result-window').getByText('statuses').first().waitFor();
    await page.getByRole('button', { name: /^Stop query/ }).click();
    const { host } = new URL(base);
    assert.deepEqual([...new Set(sockets)], [`ws://${host}/graphql`], 'it follows at the same address');

    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    const docs = page.locator('.graphiql-doc-explorer');
    await docs
      .getByRole('link', { name: 'Query' })
      .or(docs.getByRole('button', { name: 'Query' }))
      .first()
      .click();
    await docs.getByText('What can be asked.').waitFor();

    await editor.click();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('{ payl');
    await page.keyboard.press('Control+Space');
    await page.locator('.suggest-widget').getByText('payloads', { exact: false }).first().waitFor();
    await page.keyboard.press('Escape');
  },
};

await mkdir(screenshots, { recursive: true });
const browser = await openBrowser();
const [failed, succeeded] = [await anyPayload('FAILED'), await anyPayload('SUCCEEDED')];
assert.ok(failed && succeeded, 'the tracker knows a failed and a succeeded payload');

let broken = 0;
let passed = 0;
for (const [width, viewport] of Object.entries(sizes)) {
  for (const colorScheme of ['light', 'dark']) {
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' });
    for (const [name, flow] of Object.entries(flows)) {
      if (only && !name.includes(only)) continue;
      const { page, complaints } = await watched(context, base);
      const shot = async (what) => {
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
        if (wide) complaints.push(`${what} is wider than ${width} px`);
        // The page scrolls inside its frame: the window grows to what is in it.
        const height = await page.evaluate(() => {
          const content = document.getElementById('content');
          return window.innerHeight + (content ? content.scrollHeight - content.clientHeight : 0);
        });
        await page.setViewportSize({ ...viewport, height: Math.min(height, 3000) });
        await page.screenshot({ path: `${screenshots}${what}-${width}-${colorScheme}.png` });
        await page.setViewportSize(viewport);
      };
      try {
        await flow({ page, shot, failed, succeeded, width: Number(width) });
      } catch (error) {
        complaints.push(error.stack ?? String(error));
        await page.screenshot({ path: `${screenshots}broken-${width}-${colorScheme}.png` }).catch(() => {});
      }
      const ok = complaints.length === 0;
      if (ok) passed++;
      else broken++;
      console.log(`${ok ? 'ok    ' : 'BROKEN'} ${width} px ${colorScheme.padEnd(5)} ${name}`);
      for (const complaint of complaints) console.error(`       ${complaint}`);
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
console.log(`e2e: ${passed} passed, ${broken} broken`);
process.exit(broken === 0 ? 0 : 1);
