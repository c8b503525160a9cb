// Failures: kinds of them in a time, and the way to their payloads.
import assert from 'node:assert/strict';
import { chooseTime, fillFilter } from '../page.mjs';
import { ask, base, event, hoursAgo, newId, tell } from '../tracker.mjs';

const table = (page) => page.getByRole('grid', { name: 'Kinds of failures' });
const rows = (page) => table(page).locator('tbody tr');
const search = (page) => new URL(page.url()).searchParams;

/** The kinds as the API has them. */
async function kinds(window = { since: 'P1D' }, filter = null) {
  const { failures } = await ask(
    `query ($window: Window!, $filter: FailureFilter) { failures(window: $window, filter: $filter) {
       fingerprint service source sample total open orgs share isNew lastSeen } }`,
    { window, filter },
  );
  return failures;
}

/** The newest payloads that fail, as the API has them. */
async function payloadsThatFailed(filter) {
  const { payloads } = await ask(
    `query ($f: PayloadFilter) { payloads(filter: $f, first: 500) { nodes { requestId } } }`,
    { f: { verdict: { eq: 'FAILED' }, ...filter } },
  );
  return payloads.nodes;
}

/** The address has that entry, and with that value. */
const has = (page, name, value) => page.waitForURL((url) => url.searchParams.get(name) === value);

const letters = () => Array.from({ length: 12 }, () => String.fromCharCode(97 + Math.random() * 26)).join('');

export const failures = {
  seen: {
    async 'the kinds of failures of a day'({ page, shot }) {
      await page.goto(`${base}/failures`);
      await rows(page).first().waitFor();
      await page.getByText(/^[\d,]+ kinds · [\d,]+ failures since /).waitFor();
      const [first] = await kinds();
      await rows(page).first().getByText(first.service, { exact: true }).waitFor();
      assert.ok((await rows(page).count()) >= 10, 'several kinds');
      const picture = { name: /^Failures over time, most: \d+, 20.+ UTC; last: \d+, 20.+ UTC$/ };
      await rows(page).first().getByRole('img', picture).waitFor();
      await shot('failures');
    },

    async 'the failures of a service in a time of one’s own'({ page, shot }) {
      const from = new Date(Date.now() - 6 * 3_600_000).toISOString();
      await page.goto(`${base}/failures?service=puptoo&from=${from}&sort=-lastSeen`);
      await rows(page).first().waitFor();
      await page.getByRole('form', { name: 'Own time' }).waitFor();
      for (const place of await rows(page).locator('strong').allTextContents()) assert.equal(place, 'puptoo');
      await shot('failures-own');
    },
  },

  done: {
    async 'a kind of failure opens its payloads of that time, and the browser goes back'({ page }) {
      const window = { from: hoursAgo(30), to: hoursAgo(2) };
      const [failed] = await payloadsThatFailed({ failedAt: window });
      await page.goto(`${base}/payloads/${failed.requestId}`);
      await page.getByRole('link', { name: 'Payloads that failed the same way' }).click();
      await page.waitForURL(/\/payloads\?fingerprint=v1/);
      const kind = search(page).get('fingerprint');
      const same = await payloadsThatFailed({ fingerprint: { eq: kind }, failedAt: window });
      const address = `${base}/failures?fingerprint=${encodeURIComponent(kind)}&from=${window.from}&to=${window.to}`;
      await page.goto(address);
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
      await rows(page)
        .getByRole('link', { name: same.length === 1 ? '1 still fails' : `${same.length} still fail`, exact: true })
        .click();
      await page.waitForURL(/\/payloads\?fingerprint=v1/);
      assert.deepEqual(
        ['failedAt.from', 'failedAt.to'].map((name) => search(page).get(name)),
        [window.from, window.to],
      );
      await page.getByText(`${same.length} payload${same.length === 1 ? '' : 's'} ·`).waitFor();
      await page.getByRole('grid', { name: 'Payloads' }).getByText(failed.requestId).waitFor();
      await page.goBack();
      await page.waitForURL(address);
      const id = await rows(page).locator('.pt-mono').first().textContent();
      await rows(page).getByRole('link', { name: id, exact: true }).click();
      await page.waitForURL(new RegExp(`/payloads/${id}[0-9a-f]{24}$`));
    },

    async 'the last days of a kind are those of its payloads too'({ page }) {
      const [{ fingerprint }] = await kinds({ since: 'P7D' });
      await page.goto(`${base}/failures?fingerprint=${encodeURIComponent(fingerprint)}&since=P7D`);
      await rows(page)
        .getByRole('link', { name: /still fails?$/ })
        .click();
      await page.waitForURL(/failedAt.since=P7D/);
      await page.getByRole('list', { name: 'Filters' }).getByText('Failed: within the last 7 days').waitFor();
    },

    async 'the time is chosen, and kept in the address'({ page }) {
      await page.goto(`${base}/failures`);
      await rows(page).first().waitFor();
      await chooseTime(page, '7 days');
      await page.waitForURL(`${base}/failures?since=P7D`);
      await page.reload();
      await page.getByRole('button', { name: '7 days', pressed: true }).waitFor();
      await page.getByRole('button', { name: 'Own' }).click();
      const own = page.getByRole('form', { name: 'Own time' });
      await own.getByRole('button', { name: 'Show' }).click();
      await own.getByRole('alert').getByText('Say from when.').waitFor();
      await own.getByLabel('From').fill('2026-01-02T00:00:00');
      await own.getByLabel('To').fill('2026-01-03T00:00:00');
      await own.getByRole('button', { name: 'Show' }).click();
      await page.waitForURL(/from=2026-01-02T00%3A00%3A00Z&to=2026-01-03T00%3A00%3A00Z/);
      await page.getByRole('heading', { name: 'Nothing failed in this time' }).waitFor();
      await page.goBack();
      await page.waitForURL(`${base}/failures?since=P7D`);
      await rows(page).first().waitFor();
    },

    async 'kinds are sorted by any column, and only so many shown'({ page }) {
      const window = { from: hoursAgo(26), to: hoursAgo(2) };
      const all = await kinds(window);
      await page.goto(`${base}/failures?from=${window.from}&to=${window.to}`);
      await page.getByText(`20 of ${all.length} kinds shown`).waitFor();
      await page.getByLabel('Rows of a page').selectOption('500');
      await page.waitForFunction((n) => document.querySelectorAll('tbody tr').length === n, all.length);
      await page.getByRole('columnheader', { name: 'Orgs' }).getByRole('button').click();
      await page.waitForURL(/sort=-orgs/);
      const ascending = all.map((kind) => kind.orgs).toSorted((a, b) => a - b);
      const orgsAre = (want) =>
        page.waitForFunction(
          (want) =>
            [...document.querySelectorAll('td[data-label="Orgs"]')].map((cell) => cell.textContent).join() === want,
          want.join(),
        );
      await orgsAre(ascending.toReversed());
      await page.getByLabel('Order').selectOption('Fewest organisations first');
      await page.waitForURL(/sort=orgs/);
      await orgsAre(ascending);
    },

    async 'a click on a service filters by it, a chip turns it around, and a kind is alone'({ page }) {
      const window = { from: hoursAgo(26), to: hoursAgo(2) };
      const [one, other] = await kinds(window);
      const { service } = one;
      const address = `${base}/failures?from=${window.from}&to=${window.to}`;
      await page.goto(address);
      await rows(page).first().getByRole('link', { name: service, exact: true }).click();
      await has(page, 'service', service);
      const places = (ofService) =>
        page.waitForFunction(
          ([service, ofService]) => {
            const all = [...document.querySelectorAll('tbody strong')].map((one) => one.textContent);
            return all.length > 0 && all.every((one) => (one === service) === ofService);
          },
          [service, ofService],
        );
      await places(true);
      await page.getByRole('list', { name: 'Filters' }).getByText(`Service: ${service}`).click();
      await has(page, 'service.not', service);
      await places(false);
      await page.goto(`${address}&fingerprint=${one.fingerprint}`);
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
      await fillFilter(page, 'fingerprint', 'is', other.fingerprint);
      await has(page, 'fingerprint', other.fingerprint);
      await page.goto(`${base}/failures?fingerprint=v1:0000000000000e2`);
      await page.getByRole('heading', { name: 'No failure matches' }).waitFor();
    },

    async 'a kind never seen before comes by itself, and says that it is new'({ page }) {
      const [id, reason, after] = [newId(), letters(), letters()];
      await page.goto(`${base}/failures?since=PT1H&sort=-firstSeen`);
      await rows(page).first().waitFor();
      const date = (secondsAgo) => ({ date: new Date(Date.now() - secondsAgo * 1000).toISOString() });
      await tell(
        event(id, 'puptoo', 'received', date(3)),
        event(id, 'puptoo', 'error', { status_msg: `no room for ${reason}`, ...date(2) }),
        event(id, 'puptoo', 'failed', { status_msg: `gave up on ${after}`, ...date(1) }),
      );
      const row = rows(page).filter({ hasText: reason });
      await row.waitFor({ timeout: 60_000 });
      await row.getByText('New', { exact: true }).waitFor();
      await row.getByText('1 still fails').waitFor();
      // What only followed is no payload's reason: the list says so instead of nothing.
      await rows(page)
        .getByRole('link', { name: `gave up on ${after}` })
        .click();
      await page.getByRole('heading', { name: 'No payload has this as its reason' }).waitFor();
      await page.getByRole('link', { name: 'This kind of failure' }).click();
      await rows(page)
        .getByRole('link', { name: id.slice(0, 8) })
        .click();
      await page.waitForURL(`**/payloads/${id}`);
    },
  },
};
