// What is not as usual: unknown, nothing, slow, away, nowhere.
import assert from 'node:assert/strict';
import { between, databaseAway, tryAgain } from '../page.mjs';
import { base, event, newId, tell, withoutDatabase } from '../tracker.mjs';

const list = (page) => page.getByRole('grid', { name: 'Payloads' });

/** Events are stored, and who follows hears of them: what is walked next relies on both. */
async function takingIn(page) {
  const id = newId();
  await page.goto(`${base}/payloads/${id}`);
  await page.getByText('Waiting for it live').waitFor({ timeout: 60_000 });
  (await between(page)).hold(); // the news comes by the subscription, or not at all
  await tell(event(id, 'e2e', 'received'));
  await page.getByRole('heading', { name: 'In e2e' }).waitFor({ timeout: 60_000 });
}

export const states = {
  seen: {
    async 'whatever a host id is, and its payloads'({ page, shot, failed }) {
      const id = failed.inventoryId ?? failed.systemId;
      await page.goto(`${base}/find?id=${id}`);
      await page
        .getByText(/This is a|Identifiers/)
        .first()
        .waitFor();
      await shot('found');
    },

    async 'an unknown id'({ page, shot }) {
      await page.goto(`${base}/find?id=00000000-0000-4000-8000-00000000dead`);
      await page.getByRole('heading', { name: /is unknown/ }).waitFor();
      await page.getByText('Waiting for it live').waitFor();
      await shot('unknown');
    },

    async 'a database that is away, and comes back'({ page, shot }) {
      await page.goto(`${base}/payloads`);
      await list(page).waitFor();
      const tracker = await between(page);
      await tracker.answer(databaseAway);
      await page.getByText('Shown is what was known at').waitFor();
      assert.ok(await list(page).isVisible(), 'what was known stays');
      await shot('out-of-date');
      await page.reload();
      await page.getByRole('heading', { name: 'The database is away' }).waitFor();
      await shot('database-away');
      await page.goto(`${base}/statuses`);
      await page.getByRole('heading', { name: 'The database is away' }).waitFor();
      await tryAgain(page, tracker);
      await page.getByRole('grid', { name: 'Statuses' }).waitFor();
    },

    async 'no payload yet, and a slow answer'({ page, shot }) {
      const pageInfo = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null };
      const payloads = { nodes: [], pageInfo, total: { value: 0, exact: true } };
      const tracker = await between(page);
      tracker.hold();
      await page.goto(`${base}/payloads`);
      await page.getByRole('status', { name: 'Loading' }).waitFor();
      await shot('loading');
      await tracker.answer({ data: { payloads } });
      await page.getByRole('heading', { name: 'No payload yet' }).waitFor();
      await shot('empty');
    },

    async 'a filter that the API does not understand'({ page, shot, allow }) {
      allow(/status of 400/);
      await page.goto(`${base}/payloads?verdict=LOST`);
      await page.getByRole('heading', { name: 'The tracker does not understand this' }).waitFor();
      await shot('misunderstood');
      await page.getByRole('button', { name: 'Remove: Verdict: LOST' }).click();
      await list(page).waitFor();
    },

    async 'an address that leads nowhere'({ page, shot }) {
      await page.goto(`${base}/nowhere`);
      await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
      await shot('nowhere');
    },

    async 'the playground'({ page, shot }) {
      await page.goto(`${base}/playground`);
      await page.locator('.graphiql-editor .view-lines').getByText('Newest').first().waitFor({ timeout: 60_000 });
      await page.getByRole('button', { name: /^Execute query/ }).click();
      await page.locator('.result-window').getByText('payloads').first().waitFor();
      // GraphiQL's tabs hold the button that closes them; all else of its page passes.
      await shot('playground', { accepted: { 'nested-interactive': /^<li [^>]*class="graphiql-tab[ "]/ } });
    },
  },

  done: {
    async 'the playground looks as was chosen on the other pages'({ page }) {
      await page.goto(`${base}/payloads`);
      await page.getByRole('button', { name: 'Display' }).click();
      await page.getByRole('menuitem', { name: 'Dark' }).click();
      await page.getByRole('link', { name: 'Playground' }).click();
      await page.locator('body.graphiql-dark').waitFor({ timeout: 60_000 });
      await page.goto(`${base}/payloads`);
      await page.getByRole('button', { name: 'Display' }).click();
      await page.getByRole('menuitem', { name: 'As the system' }).click();
    },

    async 'the database itself stands still, and goes on'({ page, failed }) {
      await page.goto(`${base}/payloads`);
      await list(page).waitFor();
      await withoutDatabase(async () => {
        await page.getByRole('alert').getByText('Shown is what was known at').waitFor({ timeout: 60_000 });
        await page.goto(`${base}/payloads/${failed.requestId}`);
        await page.getByRole('heading', { name: /took too long|is away|not answer/ }).waitFor({ timeout: 60_000 });
      });
      await page.getByRole('region', { name: 'Verdict' }).waitFor({ timeout: 60_000 });
      await takingIn(page);
    },
  },
};
