// Whether the tracker itself is well.
import assert from 'node:assert/strict';
import { base, event, newId, tell } from '../tracker.mjs';

const nothing = {
  partitions: [{ topic: 'platform.payload-status', partition: 0, position: 7, end: null, lag: null }],
  brokerProblem: null,
  eventsPerSecond: 0,
  oldestEvent: null,
  lastEvent: [],
  unknownStatuses: [],
  deadLetters: [],
};

/** Answers in the tracker's place. */
const answer = (page, body) => page.route('**/graphql', (route) => route.fulfill({ json: body }));

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
      await answer(page, { data: { ingest: { ...nothing, brokerProblem: 'the broker does not answer' } } });
      await page.goto(`${base}/ingest`);
      await page.getByRole('alert').getByText('How much waits is not known. The broker does not answer.').waitFor();
      await page.getByRole('row', { name: '0 7 not known not known' }).waitFor();
      await page.getByText('Every message could be read as an event.').waitFor();
      await shot('ingest-broker-away');
      await page.unroute('**/graphql');
      await page.getByText('Taking in keeps up').waitFor();
    },

    async 'whoever sees one organisation only is told so'({ page, shot }) {
      const errors = [
        { message: 'how taking in does is for those who see all organisations', extensions: { code: 'FORBIDDEN' } },
      ];
      await answer(page, { data: null, errors });
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

    async 'records wait'({ page }) {
      const partitions = [0, 1].map((partition) => ({
        topic: 't',
        partition,
        position: 1000,
        end: 1000 + partition * 90_000,
        lag: partition * 90_000,
      }));
      await answer(page, { data: { ingest: { ...nothing, partitions } } });
      await page.goto(`${base}/ingest`);
      await page.getByRole('alert').getByText('90,000 records wait in 1 of 2 partitions.').waitFor();
    },

    async 'an unknown word leads to its statuses'({ page }) {
      const service = `odd-${newId().slice(0, 6)}`;
      await tell(event(newId(), service, 'tangoing'));
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
      const errors = [{ message: 'the database does not answer', extensions: { code: 'UNAVAILABLE' } }];
      const partitions = page.getByRole('grid', { name: 'Partitions' });
      await page.goto(`${base}/ingest`);
      await partitions.waitFor();
      await answer(page, { data: null, errors });
      await page.getByText('Shown is what was known at').waitFor();
      assert.ok(await partitions.isVisible(), 'what was known stays');
      for (const path of ['/services', '/flow', '/ingest']) {
        await page.goto(base + path);
        await page.getByRole('heading', { name: 'The database is away' }).waitFor();
      }
      await page.unroute('**/graphql');
      await partitions.waitFor();
    },

    async 'skeletons while the answer is on its way'({ page }) {
      for (const path of ['/services', '/flow', '/ingest']) {
        let answerNow = () => {};
        const asked = new Promise((resolve) => {
          answerNow = resolve;
        });
        await page.route('**/graphql', async (route) => {
          await asked;
          await route.continue();
        });
        await page.goto(base + path);
        await page.getByRole('status', { name: 'Loading' }).waitFor();
        answerNow();
        await page.getByRole('grid').first().waitFor();
        await page.unroute('**/graphql');
      }
    },
  },
};
