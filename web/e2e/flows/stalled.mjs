// Stalled: what hangs now, and for whom it waits. Slowest: what took longest.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { between, chooseTime, databaseAway, fillFilter, inOrder, tryAgain } from '../page.mjs';
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
      await rows(page)
        .getByText(/^No news from e2e-archiver for \d+ min/)
        .waitFor();
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
      await inOrder(page, 'Quiet since', 'descending');
      const newest = await page.$$eval('td[data-label^="Quiet since"] time', (all) => all.map((one) => one.dateTime));
      await page.getByRole('button', { name: 'Next' }).click();
      await page.waitForURL(/after=/);
      await page.getByText('a later page, as it was').waitFor();
      await page.waitForFunction(
        (last) => (document.querySelector('td[data-label^="Quiet since"] time')?.dateTime ?? 'z') <= last,
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
      await page.getByRole('list', { name: 'Filters' }).getByText('Service: ingress').waitFor();
      await fillFilter(page, 'service', 'is', 'puptoo');
      await page.getByRole('list', { name: 'Filters' }).getByText('Service: puptoo').waitFor();
      await page.waitForURL(`${base}/slowest?service=puptoo`);
      await chooseTime(page, '7 days');
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
      const pageInfo = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null };
      const data = { failures: [], payloads: { nodes: [], pageInfo, total: { value: 0, exact: true } } };
      const tracker = await between(page);
      tracker.hold();
      await page.goto(`${base}/failures`);
      await page.getByRole('status', { name: 'Loading' }).waitFor();
      await tracker.answer({ data });
      await page.getByRole('heading', { name: 'Nothing failed in this time' }).waitFor();
      await page.goto(`${base}/stalled`);
      await page.getByRole('heading', { name: 'Nothing hangs' }).waitFor();
      await tracker.pass();
      await page.goto(`${base}/stalled`);
      await rows(page).first().waitFor();
      await tracker.answer(databaseAway);
      await page.getByText('Shown is what was known at').waitFor();
      assert.ok(await table(page).isVisible(), 'what was known stays');
      await page.goto(`${base}/failures`);
      await page.getByRole('heading', { name: 'The database is away' }).waitFor();
      await tryAgain(page, tracker);
      await page.getByRole('grid', { name: 'Kinds of failures' }).waitFor();
    },
  },
};
