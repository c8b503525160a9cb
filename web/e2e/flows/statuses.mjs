// Single statuses, stored and live.
import assert from 'node:assert/strict';
import { base, event, newId, stored, tell } from '../tracker.mjs';

const tail = (page) => page.getByRole('grid', { name: 'Live statuses' });

/** The tail shows what is told. The page calls itself live once it is connected, which is a moment before the tracker follows for it. */
async function tailed(page, id, service) {
  for (let n = 1; ; n++) {
    await tell(event(id, service, 'received', { status_msg: `is anybody there? (${n})` }));
    const row = tail(page).getByText(`is anybody there? (${n})`);
    const shown = row.waitFor({ timeout: 5000 }).then(
      () => true,
      () => false,
    );
    if (await shown) return;
    assert.ok(n < 10, 'nothing comes');
  }
}

export const statuses = {
  seen: {
    async 'the statuses, as stored'({ page, shot }) {
      await page.goto(`${base}/statuses`);
      await page.getByRole('grid', { name: 'Statuses' }).waitFor();
      await page.getByText(/^(about )?[\d,]+ statuses ·/).waitFor();
      await shot('statuses');
    },

    async 'errors of a day with whose they are'({ page, shot }) {
      await page.goto(
        `${base}/statuses?status=error&date.since=P2D&columns=date,service,status,message,request,verdict,org`,
      );
      await page.getByRole('grid', { name: 'Statuses' }).getByText('error', { exact: true }).first().waitFor();
      await shot('statuses-errors');
    },

    async 'the live tail, held and let go'({ page, shot }) {
      const service = `tail-${newId().slice(0, 6)}`;
      await page.goto(`${base}/statuses?live=&service=${service}`);
      await page.getByRole('heading', { name: 'Waiting for the next status' }).waitFor();
      await page.getByText('Live, the newest').waitFor();
      const id = newId();
      await tailed(page, id, service);
      await tell(event(id, 'another', 'received'), event(id, service, 'received', { status_msg: 'first' }));
      await tail(page).getByText('first').waitFor();
      assert.equal(await tail(page).getByText('another').count(), 0);
      const before = await tail(page).locator('tbody tr').count();
      await page.getByRole('button', { name: 'Pause' }).click();
      await tell(
        event(id, service, 'processing', { status_msg: 'second' }),
        event(id, service, 'error', { status_msg: 'third' }),
      );
      await page.getByText('Paused: 2 new statuses waiting').waitFor();
      assert.equal(await tail(page).locator('tbody tr').count(), before);
      await shot('statuses-paused');
      await page.getByRole('button', { name: 'Resume' }).click();
      await tail(page).getByText('third').waitFor();
      assert.equal(await tail(page).locator('tbody tr').count(), before + 2);
      await page.getByRole('button', { name: 'Stored' }).click();
      await page.getByRole('grid', { name: 'Statuses' }).getByText('second').waitFor();
    },
  },

  done: {
    async 'the live tail of everything'({ page }) {
      await page.goto(`${base}/statuses`);
      await page.getByRole('button', { name: 'Live tail' }).click();
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length >= 20, undefined, {
        timeout: 60_000,
      });
      await page.getByRole('button', { name: 'Pause' }).click(); // rows that run away cannot be clicked
      await page.locator('tbody td[data-label="Service"] a').first().click();
      await page.waitForURL(/live=.*service=/);
    },

    async 'a message by a part of it, and no source'({ page }) {
      const id = newId();
      const word = `needle ${id.slice(0, 8)}`;
      await tell(
        event(id, 'e2e', 'error', { status_msg: `a ${word} in a haystack` }),
        event(id, 'e2e', 'error', { source: 'x' }),
      );
      await stored(id, 2);
      await page.goto(`${base}/statuses?message.has=${encodeURIComponent(word.toUpperCase())}&date.since=PT1H&source=`);
      await page.getByRole('grid', { name: 'Statuses' }).getByText(word).waitFor();
      assert.equal(await page.locator('tbody tr').count(), 1);
      await page.getByText('Source: empty').waitFor();
    },
  },
};
