// What the browser fetches, and how.
import assert from 'node:assert/strict';
import { base } from '../tracker.mjs';

const soon = 1000;

/** How long it takes until a browser that knows nothing of the page yet shows content, in milliseconds: the best of some tries, since whatever else the machine does makes one longer. */
async function firstContent(browser) {
  let best = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 8 && best > soon; n++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(base);
    const painted = await page.waitForFunction(
      () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
      undefined,
      { timeout: 30_000 },
    );
    best = Math.min(best, await painted.jsonValue());
    await context.close();
  }
  return best;
}

export const loads = {
  seen: {},
  done: {
    async 'the first load: at most 300 kB of script, content within a second'({ page, context }) {
      const scripts = new Set();
      page.on('request', (request) => request.resourceType() === 'script' && scripts.add(request.url()));
      await page.goto(base);
      await page.getByRole('grid', { name: 'Payloads' }).waitFor();
      let bytes = 0;
      for (const script of scripts) {
        const response = await fetch(script, { headers: { 'Accept-Encoding': 'gzip' } });
        bytes += Number(response.headers.get('Content-Length'));
        await response.body?.cancel();
      }
      const painted = await firstContent(context.browser());
      console.log(`       ${bytes} bytes in ${scripts.size} scripts, first content after ${Math.round(painted)} ms`);
      assert.ok(scripts.size > 0 && bytes > 0 && bytes <= 300_000, `${bytes} bytes in ${scripts.size} scripts`);
      assert.ok(painted <= soon, `first content after ${painted} ms`);
    },

    async 'scripts are precompressed, and kept for good'({ page }) {
      await page.goto(base);
      const script = await page.locator('script[src]').getAttribute('src');
      for (const [asked, want] of [
        ['br, gzip', 'br'],
        ['gzip', 'gzip'],
        ['identity', null],
      ]) {
        const { headers } = await fetch(base + script, { headers: { 'Accept-Encoding': asked } });
        assert.equal(headers.get('Content-Encoding'), want, asked);
        assert.match(headers.get('Cache-Control') ?? '', /immutable/);
      }
      assert.equal((await fetch(base, { headers: { Accept: 'text/html' } })).headers.get('Cache-Control'), 'no-cache');
      assert.equal((await fetch(`${base}/assets/missing.js`)).status, 404, 'a missing script is a 404');
    },
  },
};
