// Whether the tracker itself is well.
import assert from 'node:assert/strict';
import { between, databaseAway } from '../page.mjs';
import { base, event, newId, stored, tell } from '../tracker.mjs';

const nothing = {
  partitions: [{ topic: 'platform.payload-status', partition: 0, position: 7, end: null, lag: null }],
  brokerProblem: null,
  eventsPerSecond: 0,
  oldestEvent: null,
  lateEvents: 0,
  lastEvent: [],
  unknownStatuses: [],
  deadLetters: [],
};

export const ingest = {
  seen: {
    async 'how taking in does'({ page, shot }) {
      await page.goto(`${base}/ingest`);
      await page.getByRole('grid', { name: 'Partitions' }).locator('tbody tr').nth(3).waitFor();
      await page.getByText('Taking in keeps up').waitFor();
      await page.getByRole('row', { name: /^announced ingress \d+/ }).waitFor();
      await page.getByRole('grid', { name: 'Last events' }).getByText('inventory-mq-service').waitFor();
      await page.getByRole('grid', { name: 'Dead letters' }).getByText('Not JSON').waitFor();
      await shot('ingest');
    },

    async 'the broker is away'({ page, shot }) {
      const tracker = await between(page);
      await tracker.answer({ data: { ingest: { ...nothing, brokerProblem: 'the broker does not answer' } } });
      await page.goto(`${base}/ingest`);
      await page.getByRole('alert').getByText('How much waits is not known. The broker does not answer.').waitFor();
      await page.getByRole('row', { name: '0 7 not known not known' }).waitFor();
      await page.getByText('Every message could be read as an event.').waitFor();
      await shot('ingest-broker-away');
      await tracker.pass();
      await page.getByText('Taking in keeps up').waitFor();
    },

    async 'whoever sees one organisation only is told so'({ page, shot }) {
      const errors = [
        { message: 'how taking in does is for those who see all organisations', extensions: { code: 'FORBIDDEN' } },
      ];
      await (await between(page)).answer({ data: null, errors });
      await page.goto(`${base}/ingest`);
      await page.getByRole('heading', { name: 'This is not for you to see' }).waitFor();
      await page.getByText('for those who see all organisations').waitFor();
      await shot('ingest-refused');
    },
  },

  done: {
    async 'what comes in while one looks appears by itself'({ page }) {
      const service = `odd-${newId().slice(0, 6)}`;
      await page.goto(`${base}/ingest`);
      await page.getByRole('grid', { name: 'Partitions' }).waitFor();
      await tell(event(newId(), service, 'waltzing'), { service, status: 'success', date: new Date().toISOString() });
      await page.getByRole('row', { name: `waltzing ${service} 1` }).waitFor();
      const letter = page
        .getByRole('grid', { name: 'Dead letters' })
        .locator('tr', { hasText: `"service":"${service}"` });
      assert.match((await letter.textContent()) ?? '', new RegExp(`^A field is missing${service}1`));
      await page.getByRole('grid', { name: 'Last events' }).getByText(service).waitFor();
    },

    async 'records wait, and others came too late'({ page }) {
      const partitions = [0, 1].map((partition) => ({
        topic: 't',
        partition,
        position: 1000,
        end: 1000 + partition * 90_000,
        lag: partition * 90_000,
      }));
      await (await between(page)).answer({ data: { ingest: { ...nothing, partitions, lateEvents: 1234 } } });
      await page.goto(`${base}/ingest`);
      await page.getByRole('alert').getByText('90,000 records wait in 1 of 2 partitions.').waitFor();
      await page.locator('.pt-figures > div', { hasText: 'Late events' }).getByText('1,234').waitFor();
    },

    async 'an unknown word leads to its statuses'({ page }) {
      const service = `odd-${newId().slice(0, 6)}`;
      const id = newId();
      await tell(event(id, service, 'tangoing'));
      await stored(id, 1);
      await page.goto(`${base}/ingest`);
      await page
        .getByRole('row', { name: `tangoing ${service}` })
        .getByRole('link', { name: 'tangoing' })
        .click();
      await page.waitForURL(`**/statuses?service=${service}&status=tangoing`);
      await page.getByRole('grid', { name: 'Statuses' }).getByText('tangoing').waitFor();
      assert.equal(await page.locator('tbody tr').count(), 1);
    },

    async 'numbers and ways while the database is away'({ page }) {
      const partitions = page.getByRole('grid', { name: 'Partitions' });
      await page.goto(`${base}/ingest`);
      await partitions.waitFor();
      const tracker = await between(page);
      await tracker.answer(databaseAway);
      await page.getByText('Shown is what was known at').waitFor();
      assert.ok(await partitions.isVisible(), 'what was known stays');
      for (const path of ['/services', '/flow', '/ingest']) {
        await page.goto(base + path);
        await page.getByRole('heading', { name: 'The database is away' }).waitFor();
      }
      await tracker.pass();
      await partitions.waitFor();
    },

    async 'skeletons while the answer is on its way'({ page }) {
      const tracker = await between(page);
      for (const path of ['/services', '/flow', '/ingest']) {
        tracker.hold();
        await page.goto(base + path);
        await page.getByRole('status', { name: 'Loading' }).waitFor();
        await tracker.pass();
        await page.getByRole('grid').first().waitFor();
      }
    },
  },
};
