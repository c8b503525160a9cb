// Two payloads side by side.
import assert from 'node:assert/strict';
import { ask, base, sentence } from '../tracker.mjs';

export const compare = {
  seen: {
    async 'a failed payload beside one that went well'({ page, shot, failed, succeeded }) {
      await page.goto(`${base}/payloads/${failed.requestId}`);
      await page.getByRole('link', { name: 'Compare with another' }).click();
      await page.waitForURL(`**/compare?a=${failed.requestId}`);
      await page.getByRole('region', { name: /^Succeeded/ }).waitFor();
      await shot('compare-choose');
      await page.getByLabel('Request id of B').fill('nothing');
      await page.getByRole('button', { name: 'Compare', exact: true }).click();
      await page.getByRole('alert').getByText('Both must be request ids').waitFor();
      await page.getByLabel('Request id of B').fill(succeeded.requestId);
      await page.getByRole('button', { name: 'Compare', exact: true }).click();
      const side = (name) => page.getByRole('region', { name, exact: true });
      await side('A')
        .getByRole('link', { name: sentence(failed), exact: true })
        .waitFor();
      await side('B')
        .getByRole('link', { name: sentence(succeeded), exact: true })
        .waitFor();
      const table = page.getByRole('grid', { name: 'Stages of both' });
      for (const { service } of [...failed.stages, ...succeeded.stages]) {
        await table.getByText(service, { exact: true }).first().waitFor();
      }
      const { compare } = await ask(
        `query ($a: RequestID!, $b: RequestID!) { compare(a: $a, b: $b) { stages { a { state } b { state } } onlyInA onlyInB } }`,
        { a: failed.requestId, b: succeeded.requestId },
      );
      const both = compare.stages.filter(({ a, b }) => a && b).length;
      const only = (name, services) => (services.length > 0 ? ` · only ${name} came to ${services.join(', ')}` : '');
      await page
        .getByText(`${both} in both${only('A', compare.onlyInA)}${only('B', compare.onlyInB)}`, { exact: true })
        .waitFor();
      assert.equal(await table.locator('tbody tr').count(), compare.stages.length);
      await shot('compare');
      await page.getByRole('button', { name: 'Swap' }).click();
      await page.waitForURL(`**/compare?a=${succeeded.requestId}&b=${failed.requestId}`);
      await side('A')
        .getByRole('link', { name: sentence(succeeded), exact: true })
        .waitFor();
    },
  },
  done: {
    async 'a payload chosen from those offered'({ page, failed }) {
      await page.goto(`${base}/compare?a=${failed.requestId}`);
      await page
        .getByRole('region', { name: /^Succeeded/ })
        .getByRole('link')
        .first()
        .click();
      await page.waitForURL(/b=[0-9a-f]{32}/);
      await page.getByRole('grid', { name: 'Stages of both' }).waitFor();
      assert.notEqual(new URL(page.url()).searchParams.get('b'), failed.requestId);
    },
  },
};
