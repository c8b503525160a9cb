// Payloads: filters, order, pages, columns, views, exports. The same parts serve Statuses.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { addFilter, copied, fillFilter, inOrder, upToDate } from '../page.mjs';
import { ask, base, hoursAgo, sentence } from '../tracker.mjs';

const list = (page) => page.getByRole('grid', { name: 'Payloads' });
const chip = (page, text) => page.getByRole('list', { name: 'Filters' }).getByText(text, { exact: true });
const search = (page) => new URL(page.url()).searchParams;

/** All rows have what the filter asks for. */
async function everyRow(page, label, says) {
  await page.waitForFunction(
    ([label, says]) => {
      const cells = [...document.querySelectorAll(`tbody td[data-label="${label}"]`)].map((cell) => cell.textContent);
      return cells.length > 0 && cells.every((text) => text?.trim() === says);
    },
    [label, says],
  );
}

/** The file that a click gives. */
async function download(page, click) {
  const [file] = await Promise.all([page.waitForEvent('download', { timeout: 60_000 }), click()]);
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

async function bash(command) {
  const dir = await mkdtemp(join(tmpdir(), 'export-'));
  try {
    await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command], { cwd: dir });
    return async (file) => readFile(join(dir, file), 'utf8');
  } finally {
    setTimeout(() => rm(dir, { recursive: true, force: true }), 5000).unref();
  }
}

const lines = (text) => text.trimEnd().split('\n');

export const lists = {
  seen: {
    async 'the payloads'({ page, shot }) {
      await page.goto(base);
      await page.waitForURL('**/payloads');
      await list(page).waitFor();
      await page.getByText(/^(about )?[\d,]+ payloads ·/).waitFor();
      assert.ok((await page.locator('tbody tr').count()) >= 5, 'the list has rows');
      await shot('payloads');
    },

    async 'failures, filtered, every column shown'({ page, shot, narrow }) {
      await page.goto(`${base}/payloads?verdict=FAILED&failedService.not=vmaas&startedAt.since=P2D&sort=-failedAt`);
      await everyRow(page, 'Verdict', 'Failed');
      await chip(page, 'Failed in: not vmaas').waitFor();
      await shot('payloads-failed');
      if (narrow) return;
      await page.getByRole('button', { name: 'Columns' }).click();
      for (const name of ['Whole reason', 'Account', 'Inventory id', 'System id', 'Quiet since']) {
        const choice = page.getByRole('menuitem', { name });
        await choice.getByRole('checkbox').click();
        await choice.getByRole('checkbox', { checked: true }).waitFor();
      }
      await upToDate(page);
      await shot('payloads-columns');
      await page.keyboard.press('Escape');
      await page.getByRole('columnheader', { name: 'Account' }).waitFor();
      assert.match(search(page).get('columns') ?? '', /account/);
    },

    async 'the export dialog'({ page, shot }) {
      await page.goto(`${base}/payloads?verdict=FAILED`);
      await page.getByRole('button', { name: 'Export' }).click();
      await page.getByRole('dialog', { name: 'Export payloads' }).getByText('As a command').waitFor();
      await shot('export');
    },
  },

  done: {
    async 'a page back and forth, and the browser back'({ page }) {
      await page.goto(`${base}/payloads?verdict=SUCCEEDED&startedAt.to=${hoursAgo(1)}`);
      const link = page.locator('tbody .pt-sentence').first();
      const id = ((await link.getAttribute('href')) ?? '').split('/').at(-1);
      const shows = (wanted) =>
        page.waitForFunction(
          ([id, wanted]) => {
            const text = document.querySelector('tbody')?.textContent ?? '';
            return text !== '' && text.includes(id) === wanted;
          },
          [id, wanted],
        );
      await page.getByRole('button', { name: 'Next' }).click();
      await page.waitForURL(/after=/);
      await shows(false);
      await page.getByRole('button', { name: 'Previous' }).click();
      await page.waitForURL(/before=/);
      await shows(true);
      await page.goBack();
      await page.waitForURL(/after=/);
      await shows(false);
      await page.getByRole('button', { name: 'First page' }).click();
      await page.waitForURL((url) => !url.searchParams.has('after'));
      await shows(true);
      await page.getByLabel('Rows of a page').selectOption('100');
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 100);
      await page.reload();
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 100);
    },

    async 'filters are built, turned around, taken away, and kept in the address'({ page, failed }) {
      await page.goto(`${base}/payloads`);
      await list(page).waitFor();
      await addFilter(page, 'verdict', 'is', 'FAILED');
      await everyRow(page, 'Verdict', 'Failed');
      await addFilter(page, 'orgId', 'is', ` "${failed.orgId}" `);
      await everyRow(page, 'Organisation', failed.orgId);
      await addFilter(page, 'startedAt', 'since', 'P30D');
      await addFilter(page, 'duration', 'gte', '1 ms');
      await fillFilter(page, 'duration', 'lt', 'soon');
      await page.getByRole('alert').getByText('Say how long').waitFor();
      await page.waitForURL(/duration.gte=/);
      assert.deepEqual([...search(page)].sort(), [
        ['duration.gte', 'PT0.001S'],
        ['orgId', failed.orgId],
        ['startedAt.since', 'P30D'],
        ['verdict', 'FAILED'],
      ]);
      const address = page.url();
      await page.reload();
      await chip(page, 'Duration: at least 1 ms').waitFor();
      assert.equal(page.url(), address);
      await chip(page, 'Verdict: Failed').click();
      await chip(page, 'Verdict: not Failed').waitFor();
      assert.equal(search(page).get('verdict.not'), 'FAILED');
      await page.goBack();
      await everyRow(page, 'Verdict', 'Failed');
      await page.getByRole('button', { name: `Remove: Organisation: ${failed.orgId}` }).click();
      await page.waitForFunction(() => !location.search.includes('orgId'));
      await page.getByRole('button', { name: 'Clear filters' }).click();
      await page.waitForFunction(() => location.search === '');
    },

    async 'a time in the reader’s own zone, where that is chosen'({ page }) {
      await page.goto(`${base}/payloads`);
      await page.getByRole('button', { name: 'Display' }).click();
      await page.getByRole('menuitem', { name: 'Local time' }).click();
      await page.getByRole('columnheader', { name: 'Started (local)' }).waitFor();
      // At once: the newest payload is another one soon.
      const [at, shown] = await page
        .locator('tbody td[data-label="Started (local)"] time')
        .first()
        .evaluate((time) => [time.dateTime, time.textContent]);
      const local = new Intl.DateTimeFormat('sv-SE', {
        dateStyle: 'short',
        timeStyle: 'medium',
        timeZone: 'Europe/Berlin',
      });
      assert.equal(shown, local.format(new Date(at)));
      await addFilter(page, 'startedAt', 'from', '2026-07-01T10:00:00');
      await page.waitForURL(/startedAt.from=2026-07-01T08%3A00%3A00Z/);
      await page.reload();
      await page.getByRole('columnheader', { name: 'Started (local)' }).waitFor();
      await page.getByRole('button', { name: 'Display' }).click();
      await page.getByRole('menuitem', { name: 'UTC' }).click();
      await page.getByRole('columnheader', { name: 'Started (UTC)' }).waitFor();
    },

    async 'a click on a value adds a filter'({ page }) {
      const to = hoursAgo(1); // a list that stands still
      await page.goto(`${base}/payloads?verdict=SUCCEEDED&startedAt.to=${to}`);
      const org = page.locator('tbody td[data-label="Organisation"] a').first();
      const value = await org.textContent();
      await org.click();
      await page.waitForURL(/orgId=/);
      await everyRow(page, 'Organisation', value);
      assert.deepEqual(
        [...search(page)],
        [
          ['verdict', 'SUCCEEDED'],
          ['startedAt.to', to],
          ['orgId', value],
        ],
      );
    },

    async 'every order, from its heading and by name'({ page }) {
      await page.goto(`${base}/payloads`);
      await list(page).waitFor();
      await page.getByRole('button', { name: 'Started' }).click();
      await page.waitForURL(/sort=startedAt/);
      await inOrder(page, 'Started', 'ascending');
      await page.goto(`${base}/payloads?columns=verdict,payload,failed`);
      await page.getByLabel('Order').selectOption('-failedAt');
      await everyRow(page, 'Verdict', 'Failed');
      await inOrder(page, 'Failed', 'descending');
      await page.getByLabel('Order').selectOption('quietSince');
      await page.waitForURL(/sort=quietSince/);
    },

    async 'the built-in views, and one of one’s own'({ page }) {
      await page.goto(`${base}/payloads`);
      const views = page.getByRole('navigation', { name: 'Views' });
      await views.getByRole('link', { name: 'Failures' }).click();
      await everyRow(page, 'Verdict', 'Failed');
      await views.getByRole('link', { name: 'Failures' }).and(page.locator('[aria-current=page]')).waitFor();
      await views.getByRole('link', { name: 'Slowest' }).click();
      await page.getByRole('heading', { level: 1, name: 'Slowest payloads' }).waitFor();
      await views.getByRole('link', { name: 'Stalled' }).click();
      await chip(page, 'Verdict: Stalled').waitFor();
      await views.getByRole('link', { name: 'Unknown statuses' }).click();
      await page.getByRole('heading', { level: 1, name: 'Statuses' }).waitFor();
      await chip(page, 'Status: not received').waitFor();
      await page.goto(`${base}/payloads?verdict=SUCCEEDED&duration.gte=PT5S`);
      await views.getByRole('button', { name: 'Save this view' }).click();
      await views.getByLabel('Name of the view').fill('Slow but good');
      await views.getByRole('button', { name: 'Save' }).click();
      await page.goto(`${base}/statuses`);
      await views.getByRole('link', { name: 'Slow but good' }).click();
      await page.waitForURL(/payloads\?verdict=SUCCEEDED&duration.gte=PT5S/);
      await page.reload();
      await views.getByRole('button', { name: 'Remove the view Slow but good' }).click();
      await page.reload();
      await views.getByRole('link', { name: 'Failures' }).waitFor();
      assert.equal(await views.getByRole('link', { name: 'Slow but good' }).count(), 0);
    },

    async 'light and dark, as chosen, and remembered'({ page }) {
      await page.goto(`${base}/payloads`);
      const dark = () => page.locator('html.pf-v6-theme-dark').count();
      assert.equal(await dark(), 0);
      await page.getByRole('button', { name: 'Display' }).click();
      await page.getByRole('menuitem', { name: 'Dark' }).click();
      await page.locator('html.pf-v6-theme-dark').waitFor();
      await page.reload();
      await page.locator('html.pf-v6-theme-dark').waitFor();
      await page.getByRole('button', { name: 'Display' }).click();
      await page.getByRole('menuitem', { name: 'As the system' }).click();
      await page.waitForFunction(() => !document.documentElement.classList.contains('pf-v6-theme-dark'));
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.locator('html.pf-v6-theme-dark').waitFor();
    },

    async 'the whole list as a file and by command, whatever the filter'({ page }) {
      const window = { from: hoursAgo(9), to: hoursAgo(1) };
      await page.goto(
        `${base}/payloads?verdict=FAILED&verdict=SUCCEEDED&startedAt.from=${window.from}&startedAt.to=${window.to}`,
      );
      await list(page).waitFor();
      const { payloads } = await ask(
        `query ($f: PayloadFilter) { payloads(filter: $f, first: 500) { nodes { requestId verdict { sentence } } pageInfo { hasNextPage } total { value exact } } }`,
        { f: { verdict: { in: ['FAILED', 'SUCCEEDED'] }, startedAt: window } },
      );
      assert.ok(payloads.pageInfo.hasNextPage && payloads.total.exact, 'more than a page of the API');
      await page.getByRole('button', { name: 'Export' }).click();
      const dialog = page.getByRole('dialog');
      const csv = await download(page, () => dialog.getByRole('button', { name: 'Download CSV' }).click());
      assert.equal(csv.name, 'payloads.csv');
      assert.ok(csv.text.startsWith('requestId,verdict.state,verdict.sentence,'));
      const ids = csv.text.match(/^[0-9a-f]{32},/gm) ?? [];
      assert.equal(ids.length, payloads.total.value);
      assert.deepEqual(
        ids.slice(0, payloads.nodes.length),
        payloads.nodes.map(({ requestId }) => `${requestId},`),
      );
      await dialog.getByRole('button', { name: 'NDJSON' }).first().click();
      const ndjson = await download(page, () => dialog.getByRole('button', { name: 'Download NDJSON' }).click());
      const rows = lines(ndjson.text).map((line) => JSON.parse(line));
      assert.equal(rows.length, payloads.total.value);
      assert.equal(rows[0].verdict.sentence, payloads.nodes[0]?.verdict.sentence);
      const read = await bash(await copied(page, dialog, 'Copy command'));
      assert.deepEqual(
        lines(await read('payloads.ndjson')).map((line) => JSON.parse(line)),
        rows,
      );
      await dialog.getByRole('button', { name: 'CSV', exact: true }).click();
      const readCSV = await bash(await copied(page, dialog, 'Copy command'));
      assert.equal((await readCSV('payloads.csv')).match(/^"[0-9a-f]{32}",/gm)?.length, rows.length);
    },

    async 'the whole list in one request, where REST has the filter'({ page, failed }) {
      const [from, to] = [hoursAgo(26), hoursAgo(2)];
      await page.goto(
        `${base}/payloads?orgId=${failed.orgId}&startedAt.from=${from}&startedAt.to=${to}&sort=startedAt`,
      );
      await page.getByRole('button', { name: 'Export' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('One request to the REST API').waitFor();
      const read = await bash(await copied(page, dialog, 'Copy command'));
      const { payloads } = await ask(
        `query ($f: PayloadFilter) { payloads(filter: $f, orderBy: {field: STARTED_AT, direction: ASC}, first: 500) { nodes { requestId } pageInfo { hasNextPage } } }`,
        { f: { orgId: { eq: failed.orgId }, startedAt: { from, to } } },
      );
      assert.ok(payloads.nodes.length > 0 && !payloads.pageInfo.hasNextPage);
      const rows = lines(await read('payloads.csv')).slice(1);
      assert.deepEqual(
        rows.map((row) => row.split(',')[1]),
        payloads.nodes.map(({ requestId }) => requestId),
      );
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    },

    async 'a payload by its id with dashes and quotes, from any page'({ page, failed }) {
      await page.goto(`${base}/statuses`);
      await page.getByRole('grid', { name: 'Statuses' }).waitFor();
      await page.keyboard.press('/');
      const dashed = failed.requestId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5').toUpperCase();
      await page.keyboard.type(` "${dashed}" `);
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/payloads/${failed.requestId}`);
      await page.getByRole('heading', { level: 1, name: sentence(failed) }).waitFor();
      await page.goBack();
      await page.waitForURL('**/statuses');
    },
  },
};
