// Single statuses, stored and live.
import assert from 'node:assert/strict';
import { base, event, newId, tell } from '../tracker.mjs';

const tail = (page) => page.getByRole('grid', { name: 'Live statuses' });

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
      await tell(event(id, service, 'received', { status_msg: 'first' }), event(id, 'another', 'received'));
      await tail(page).getByText('first').waitFor();
      await page.getByRole('button', { name: 'Pause' }).click();
      await tell(
        event(id, service, 'processing', { status_msg: 'second' }),
        event(id, service, 'error', { status_msg: 'third' }),
      );
      await page.getByText('Paused: 2 new statuses waiting').waitFor();
      assert.equal(await tail(page).locator('tbody tr').count(), 1);
      await shot('statuses-paused');
      await page.getByRole('button', { name: 'Resume' }).click();
      await tail(page).getByText('third').waitFor();
      assert.equal(await tail(page).locator('tbody tr').count(), 3);
      await page.getByRole('button', { name: 'Stored' }).click();
      await page.getByRole('grid', { name: 'Statuses' }).getByText('second').waitFor();
    },
  },

  done: {
    async 'the live tail of everything'({ page }) {
      await page.goto(`${base}/statuses`);
      await page.getByRole('button', { name: 'Live tail' }).click();
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length >= 20, undefined, {
        timeout: 30_000,
      });
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
      await page.goto(`${base}/payloads/${id}`);
      await page.getByRole('grid', { name: 'Events' }).waitFor();
      await page.goto(`${base}/statuses?message.has=${encodeURIComponent(word.toUpperCase())}&date.since=PT1H&source=`);
      await page.getByRole('grid', { name: 'Statuses' }).getByText(word).waitFor();
      assert.equal(await page.locator('tbody tr').count(), 1);
      await page.getByText('Source: empty').waitFor();
    },
  },
};
