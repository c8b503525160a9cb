// The map of the ways that payloads take.
import assert from 'node:assert/strict';
import { ask, base, event, hoursAgo, newId, tell, until } from '../tracker.mjs';

const map = (page) => page.getByRole('group', { name: 'Map of the services' });
const way = (page, from, to) => map(page).getByRole('link', { name: new RegExp(`^${from} to ${to}: `) });

async function edgesOf(window, filter = {}) {
  const { flow } = await ask(
    `query ($window: Window!, $filter: NumbersFilter) { flow(window: $window, filter: $filter) {
       edges { from to payloads failed handover { p50 p95 } } } }`,
    { window, filter },
  );
  return flow.edges;
}

export const flow = {
  seen: {
    async 'the map, and its tables'({ page, shot }) {
      await page.goto(`${base}/flow`);
      await way(page, 'ingress', 'puptoo').waitFor();
      await page.getByRole('grid', { name: 'Ways' }).waitFor();
      await page.getByRole('grid', { name: 'Services' }).getByText('inventory-mq-service').waitFor();
      await shot('flow');
    },
  },

  done: {
    async 'every way'({ page, shot }) {
      await page.goto(`${base}/flow?ways=all&from=${hoursAgo(48)}&to=${hoursAgo(2)}`);
      await way(page, 'ingress', 'puptoo').waitFor();
      const rows = await page.getByRole('grid', { name: 'Ways' }).locator('tbody tr').count();
      assert.equal(await map(page).locator('a.pt-way').count(), rows);
      await shot('flow-all');
    },

    async 'circles, which are drawn like all else'({ page }) {
      const name = newId().slice(0, 6);
      const [a, b, c] = ['a', 'b', 'c'].map((letter) => `${letter}-${name}`);
      const start = Date.now() - 60_000;
      const events = [];
      for (const [n, services] of [
        [a, b, c],
        [b, c, a],
        [c, a, b],
        [a, c, b],
      ].entries()) {
        const id = newId();
        services.forEach((service, i) => {
          const at = (ms) => new Date(start + n * 1000 + i * 4000 + ms).toISOString();
          events.push(event(id, service, 'received', { date: at(0) }));
          events.push(event(id, service, n === 0 && i === 2 ? 'error' : 'success', { date: at(2000) }));
        });
      }
      await tell(...events);
      const filter = { service: { in: [a, b, c] } };
      await until('all ways are counted', async () => {
        const edges = await edgesOf({ since: 'PT1H' }, filter);
        return edges.reduce((sum, { payloads }) => sum + payloads, 0) === 8;
      });
      const edges = await edgesOf({ since: 'PT1H' }, filter);
      await page.goto(`${base}/flow?since=PT1H&ways=all&${[a, b, c].map((one) => `service=${one}`).join('&')}`);
      await way(page, a, b).waitFor();
      assert.equal(await map(page).locator('a.pt-way').count(), edges.length);
      const boxes = await map(page)
        .locator('.pt-flow-service rect')
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()));
      assert.equal(boxes.length, 3);
      for (const [i, one] of boxes.entries())
        for (const other of boxes.slice(i + 1))
          assert.ok(
            one.right <= other.left || other.right <= one.left || one.bottom <= other.top || other.bottom <= one.top,
            'no box lies upon another',
          );
      const failing = edges.find(({ failed }) => failed > 0);
      await way(page, failing.from, failing.to).focus();
      await page.getByText(`a click lists the payloads that failed in ${failing.to}`).waitFor();
      await page.keyboard.press('Enter');
      await page.waitForURL(new RegExp(`/payloads\\?failedService=${failing.to}&failedAt.since=PT1H`));
      await page.getByRole('link', { name: new RegExp(`^Failed in ${failing.to}`) }).waitFor();
      await page.goBack();
      await way(page, a, b).waitFor();
    },

    async 'a service leads to its payloads, within the filters of the map'({ page, failed }) {
      await page.goto(`${base}/flow?since=P7D&orgId=${failed.orgId}`);
      const service = map(page).getByRole('link', { name: /^puptoo: / });
      await service.hover();
      await page
        .locator('.pt-readout')
        .getByText(/^puptoo: [\d,]+ payloads?/)
        .waitFor();
      await service.click();
      await page.waitForURL(/\/payloads\?service=puptoo&startedAt.since=P7D&orgId=/);
      await page.getByRole('grid', { name: 'Payloads' }).waitFor();
    },

    async 'the tables say what the API says'({ page }) {
      const window = { from: hoursAgo(30), to: hoursAgo(2) };
      const edges = await edgesOf(window);
      await page.goto(`${base}/flow?from=${window.from}&to=${window.to}`);
      const rows = page.getByRole('grid', { name: 'Ways' }).locator('tbody tr');
      await rows.first().waitFor();
      assert.equal(await rows.count(), edges.length);
      const most = edges.toSorted((a, b) => b.payloads - a.payloads)[0];
      const text = (await rows.first().textContent()) ?? '';
      assert.ok(text.startsWith(`${most.from} to ${most.to}${most.payloads.toLocaleString('en')}`), text);
    },

    async 'no payload in this time'({ page }) {
      await page.goto(`${base}/flow?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z`);
      await page.getByRole('heading', { name: 'No payload in this time' }).waitFor();
      await page.goto(`${base}/flow?orgId=nobody`);
      await page.getByRole('heading', { name: 'No payload matches' }).waitFor();
    },
  },
};
