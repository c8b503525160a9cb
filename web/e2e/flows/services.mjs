// How services do: the table, one of them opened, filters and times in the address.
import assert from 'node:assert/strict';
import { addFilter, chooseTime } from '../page.mjs';
import { ask, base, event, hoursAgo, newId, tell, until } from '../tracker.mjs';

const table = (page) => page.getByRole('grid', { name: 'Services' });
const row = (page, service) => table(page).getByRole('row', { name: new RegExp(`^${service} `) });

/** What the API says of a service over a time that no longer changes. */
async function numbersOf(name, window, filter = {}) {
  const { services } = await ask(
    `query ($window: Window!, $filter: NumbersFilter) { services(window: $window, filter: $filter) {
       name received succeeded failed open successRate before { received } trend { at received failed p95 } } }`,
    { window, filter },
  );
  return services.find((one) => one.name === name);
}

export const services = {
  seen: {
    async 'the services, against the day before'({ page, shot }) {
      await page.goto(`${base}/services`);
      await row(page, 'puptoo').waitFor();
      await page.getByText(/^\d+ services · payloads that came since/).waitFor();
      assert.ok((await table(page).locator('tbody tr').count()) >= 8);
      await shot('services');
    },

    async 'one service over time, and its slowest payloads'({ page, shot }) {
      await page.goto(`${base}/services?open=vulnerability`);
      await page.getByRole('heading', { level: 2, name: 'vulnerability' }).waitFor();
      await page.getByRole('img', { name: /^Time taken, p95 over time/ }).waitFor();
      await page.getByText('the window before').waitFor();
      await page.getByRole('grid', { name: 'Slowest payloads of vulnerability' }).locator('tbody tr').first().waitFor();
      assert.ok((await page.getByRole('grid', { name: 'Trend of vulnerability' }).locator('tbody tr').count()) >= 24);
      await shot('service');
    },
  },

  done: {
    async 'a time of one’s own, and an organisation without payloads'({ page, shot }) {
      await page.goto(`${base}/services?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z`);
      await page.getByRole('heading', { name: 'No payload in this time' }).waitFor();
      assert.match(await page.getByLabel('From').inputValue(), /^2020-01-01T00:00/);
      await shot('services-empty');
      await page.goto(`${base}/services?orgId=nobody`);
      await page.getByRole('heading', { name: 'No service matches' }).waitFor();
    },

    async 'the page says what the API says'({ page }) {
      const window = { from: hoursAgo(30), to: hoursAgo(2) };
      const want = await numbersOf('inventory-mq-service', window);
      await page.goto(`${base}/services?from=${window.from}&to=${window.to}`);
      const cells = row(page, 'inventory-mq-service').locator('td');
      await cells.first().waitFor();
      const says = async (label) =>
        (await row(page, 'inventory-mq-service').locator(`td[data-label="${label}"]`).textContent()) ?? '';
      for (const [label, n] of [
        ['Received', want.received],
        ['Succeeded', want.succeeded],
        ['Failed', want.failed],
        ['Open', want.open],
      ])
        assert.ok((await says(label)).startsWith(n.toLocaleString('en')), `${label}: ${await says(label)}, want ${n}`);
      await row(page, 'inventory-mq-service').getByRole('link', { name: 'inventory-mq-service' }).click();
      await page.waitForURL(/open=inventory-mq-service/);
      const trend = page.getByRole('grid', { name: 'Trend of inventory-mq-service' });
      await trend.waitFor();
      const received = await trend
        .locator('td[data-label="Received"]')
        .evaluateAll((all) => all.map((cell) => Number(cell.textContent.replaceAll(',', ''))));
      assert.deepEqual(received, want.trend.map((point) => point.received).toReversed());
    },

    async 'a time, a filter and an order, kept in the address, and the browser back'({ page, failed }) {
      await page.goto(`${base}/services`);
      await row(page, 'puptoo').waitFor();
      await chooseTime(page, '7 days');
      await page.waitForURL(/since=P7D/);
      await addFilter(page, 'orgId', 'is', failed.orgId);
      await page.waitForURL(/orgId=/);
      await page.getByRole('button', { name: 'Received' }).click();
      await page.waitForURL(/sort=-received/);
      await page.reload();
      await page.getByRole('button', { name: `Remove: Organisation: ${failed.orgId}` }).waitFor();
      const order = () =>
        table(page)
          .locator('tbody td[data-label="Received"]')
          .evaluateAll((all) => all.map((cell) => Number.parseInt(cell.textContent.replaceAll(',', ''), 10)));
      await table(page).locator('tbody tr').first().waitFor();
      const received = await order();
      assert.deepEqual(
        received,
        received.toSorted((a, b) => b - a),
      );
      await table(page).locator('tbody a').first().click();
      await page.waitForURL(/open=/);
      await page.getByRole('link', { name: 'All services' }).click();
      await table(page).waitFor();
      await page.goBack();
      await page.getByRole('link', { name: 'All services' }).waitFor();
      await page.goBack();
      await page.waitForURL((url) => !url.searchParams.has('open'));
      await table(page).waitFor();
      await page.goBack();
      await page.waitForURL((url) => !url.searchParams.has('sort'));
      await page.goBack();
      await page.waitForURL((url) => !url.searchParams.has('orgId'));
      await page.goBack();
      await page.waitForURL((url) => !url.searchParams.has('since'));
    },

    async 'one’s own time, in the reader’s zone'({ page }) {
      await page.goto(`${base}/services`);
      await page.getByRole('button', { name: 'Own' }).click();
      const form = page.getByRole('form', { name: 'Own time' });
      await form.getByRole('button', { name: 'Show' }).click();
      await form.getByRole('alert').getByText('Say from when').waitFor();
      await form.getByLabel('From').fill('2026-07-02T10:00:00');
      await form.getByLabel('To').fill('2026-07-01T10:00:00');
      await form.getByRole('button', { name: 'Show' }).click();
      await form.getByRole('alert').getByText('It must end after it begins').waitFor();
      await form.getByLabel('To').fill('2026-07-03T10:00:00');
      await form.getByRole('button', { name: 'Show' }).click();
      await page.waitForURL(/from=2026-07-02T10%3A00%3A00Z&to=2026-07-03T10%3A00%3A00Z/);
      await page.getByRole('button', { name: 'Display' }).click();
      await page.getByRole('menuitem', { name: 'Local time' }).click();
      await page.waitForFunction(() => /^2026-07-02T12:00/.test(document.querySelector('[aria-label="From"]')?.value));
      await page.getByRole('button', { name: 'Display' }).click();
      await page.getByRole('menuitem', { name: 'UTC' }).click();
      await chooseTime(page, '1 hour');
      await page.waitForURL(/since=PT1H/);
      await row(page, 'puptoo').waitFor();
    },

    async 'what comes in is counted, and a number leads to its payloads'({ page }) {
      const service = `counted-${newId().slice(0, 6)}`;
      const [good, bad] = [newId(), newId()];
      await page.goto(`${base}/services?since=PT1H&service=${service}`);
      await page.getByRole('heading', { name: 'No service matches' }).waitFor();
      await tell(
        event(good, service, 'received'),
        event(good, service, 'success'),
        event(bad, service, 'received'),
        event(bad, service, 'error', { status_msg: 'the disk is full' }),
      );
      await until('both are counted', async () => (await numbersOf(service, { since: 'PT1H' }))?.failed === 1);
      await row(page, service).getByText('50 %').waitFor({ timeout: 60_000 });
      await row(page, service).locator('td[data-label="Failed"] a').click();
      await page.waitForURL(new RegExp(`/payloads\\?failedService=${service}&failedAt.since=PT1H`));
      await page.getByRole('link', { name: new RegExp(`^Failed in ${service}.*the disk is full`) }).waitFor();
      assert.equal(await page.locator('tbody tr').count(), 1);
    },
  },
};
