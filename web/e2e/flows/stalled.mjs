// Stalled: what hangs now, and for whom it waits. Slowest: what took longest.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { ask, base, event, newId, tell } from '../tracker.mjs';

const table = (page) => page.getByRole('grid', { name: 'Stalled payloads' });
const rows = (page) => table(page).locator('tbody tr');

const ago = (minutes) => ({ date: new Date(Date.now() - minutes * 60_000).toISOString() });

export const stalled = {
  seen: {
    async 'what hangs'({ page, shot }) {
      await page.goto(`${base}/stalled`);
      await rows(page).first().waitFor();
      await page.getByText(/^(about )?[\d,]+ payloads? · nothing heard/).waitFor();
      const { payloads } = await ask(
        `{ payloads(filter: { verdict: { eq: STALLED } }, orderBy: { field: QUIET_SINCE, direction: ASC }, first: 1) {
             nodes { requestId verdict { waitsFor { service } } } } }`,
      );
      const [first] = payloads.nodes;
      await rows(page).first().getByText(first.requestId).waitFor();
      for (const { service } of first.verdict.waitsFor) {
        await rows(page).first().locator('td[data-label="Waits for"]').getByText(service, { exact: true }).waitFor();
      }
      await shot('stalled');
    },

    async 'the slowest payloads'({ page, shot }) {
      await page.goto(`${base}/slowest`);
      const slowest = page.getByRole('grid', { name: 'Slowest payloads' }).locator('tbody tr');
      await slowest.first().waitFor();
      assert.equal(await slowest.count(), 20);
      await shot('slowest');
    },
  },

  done: {
    async 'a payload that stalls appears by itself, and goes when it goes on'({ page }) {
      const [id, org] = [newId(), String(Math.floor(Math.random() * 1e8))];
      await page.goto(`${base}/stalled?orgId=${org}`);
      await page.getByRole('heading', { name: 'No stalled payload matches' }).waitFor();
      await tell(event(id, 'e2e-archiver', 'received', { org_id: org, ...ago(22) }));
      await rows(page).getByText('No news from e2e-archiver for 22 min').waitFor();
      const waits = rows(page).locator('td[data-label="Waits for"]');
      await waits.getByText('Received').waitFor();
      await page.getByText('1 payload · nothing heard').waitFor();
      await tell(event(id, 'e2e-archiver', 'success', { org_id: org }));
      await page.getByRole('heading', { name: 'No stalled payload matches' }).waitFor();
    },

    async 'a hand-over that did not happen is named'({ page }) {
      const [id, org] = [newId(), String(Math.floor(Math.random() * 1e8))];
      await tell(event(id, 'ingress', 'success', { org_id: org, ...ago(40) }));
      await page.goto(`${base}/stalled?orgId=${org}`);
      const waits = rows(page).locator('td[data-label="Waits for"]');
      await waits.getByText('Not taken over').waitFor();
      assert.match((await waits.textContent()) ?? '', /^puptoo.*after ingress$/);
      await rows(page).getByRole('link', { name: 'No news from puptoo, expected after ingress' }).click();
      await page.waitForURL(`**/payloads/${id}`);
      await page.goBack();
      await rows(page).first().waitFor();
    },

    async 'filters, order and pages of what hangs, and its export'({ page }) {
      await page.goto(`${base}/stalled`);
      await rows(page).first().waitFor();
      const waits = rows(page).locator('td[data-label="Waits for"]');
      const link = waits.getByRole('link').first();
      const service = (await link.textContent()) ?? '';
      await link.click();
      await page.waitForURL(`${base}/stalled?service=${service}`);
      await page.getByRole('list', { name: 'Filters' }).getByText(`Service: ${service}`).waitFor();
      await page.getByRole('button', { name: 'Clear filters' }).click();
      await page.waitForURL(`${base}/stalled`);
      await page.getByLabel('Order').selectOption('Quiet for the shortest time first');
      await page.waitForURL(/sort=-quietSince/);
      const since = () => page.$$eval('td[data-label="Quiet since"] time', (all) => all.map((one) => one.dateTime));
      await page.waitForFunction(() => {
        const all = [...document.querySelectorAll('td[data-label="Quiet since"] time')].map((one) => one.dateTime);
        return all.length > 1 && all.every((at, i) => i === 0 || at <= all[i - 1]);
      });
      const newest = await since();
      await page.getByRole('button', { name: 'Next' }).click();
      await page.waitForURL(/after=/);
      await page.getByText('a later page, as it was').waitFor();
      await page.waitForFunction(
        (last) => (document.querySelector('td[data-label="Quiet since"] time')?.dateTime ?? 'z') <= last,
        newest.at(-1),
      );
      await page.goBack();
      await page.getByRole('button', { name: 'Export' }).click();
      const dialog = page.getByRole('dialog', { name: 'Export payloads' });
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        dialog.getByRole('button', { name: 'Download CSV' }).click(),
      ]);
      const lines = (await readFile(await file.path(), 'utf8')).trimEnd().split('\n').slice(1);
      assert.ok(lines.length > 20 && lines.every((line) => /^[0-9a-f]{32},STALLED,/.test(line)));
    },

    async 'the slowest of a service, as the API has them'({ page }) {
      await page.goto(`${base}/slowest?service=ingress`);
      const form = page.getByRole('form', { name: 'Add a filter' });
      await form.getByLabel('Value').fill('puptoo');
      await form.getByRole('button', { name: 'Add filter' }).click();
      await page.waitForURL(`${base}/slowest?service=puptoo`);
      await page.getByRole('button', { name: '7 days' }).click();
      await page.getByLabel('Rows of a page').selectOption('50');
      await page.waitForURL(`${base}/slowest?service=puptoo&since=P7D&size=50`);
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 50);
      const { slowest } = await ask(
        `{ slowest(window: { since: "P7D" }, service: "puptoo", first: 1) { nodes { requestId } } }`,
      );
      await page
        .getByRole('grid', { name: 'Slowest payloads' })
        .locator('tbody tr')
        .first()
        .getByText(slowest.nodes[0]?.requestId)
        .waitFor();
      await page.goto(`${base}/slowest?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z`);
      await page.getByRole('heading', { name: 'No payload began in this time' }).waitFor();
    },

    async 'failures and what hangs: loading, nothing there, the database away'({ page }) {
      let answer = () => {};
      const asked = new Promise((resolve) => {
        answer = resolve;
      });
      const pageInfo = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null };
      const data = { failures: [], payloads: { nodes: [], pageInfo, total: { value: 0, exact: true } } };
      await page.route('**/graphql', async (route) => {
        await asked;
        await route.fulfill({ json: { data } });
      });
      await page.goto(`${base}/failures`);
      await page.getByRole('status', { name: 'Loading' }).waitFor();
      answer();
      await page.getByRole('heading', { name: 'Nothing failed in this time' }).waitFor();
      await page.goto(`${base}/stalled`);
      await page.getByRole('heading', { name: 'Nothing hangs' }).waitFor();
      await page.unroute('**/graphql');
      await page.goto(`${base}/stalled`);
      await rows(page).first().waitFor();
      const errors = [{ message: 'the database does not answer', extensions: { code: 'UNAVAILABLE' } }];
      await page.route('**/graphql', (route) => route.fulfill({ json: { data: null, errors } }));
      await page.getByText('Shown is what was known at').waitFor();
      assert.ok(await table(page).isVisible(), 'what was known stays');
      await page.goto(`${base}/failures`);
      await page.getByRole('heading', { name: 'The database is away' }).waitFor();
      await page.unroute('**/graphql');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('grid', { name: 'Kinds of failures' }).waitFor();
    },
  },
};
