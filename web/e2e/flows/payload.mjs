// One payload: what the page says, live and later.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { between, copied } from '../page.mjs';
import { ask, base, event, newId, sentence, stored, tell, until } from '../tracker.mjs';

const heading = (page, name) => page.getByRole('heading', { level: 1, name });
const events = (page) => page.getByRole('grid', { name: 'Events' }).locator('tbody tr');

/** The websocket is refused, as by a proxy that knows none. */
const withoutSocket = (page) => page.routeWebSocket('**/graphql', (socket) => socket.close({ code: 1011 }));

export const payload = {
  seen: {
    async 'a failed payload: verdict, identifiers, stages, events'({ page, shot, failed }) {
      await page.goto(`${base}/payloads/${failed.requestId}`);
      await heading(page, sentence(failed)).waitFor();
      const table = page.getByRole('grid', { name: 'Stages' });
      for (const stage of failed.stages) await table.getByText(stage.service, { exact: true }).first().waitFor();
      const bars = page.getByRole('list', { name: 'Stages in time' }).getByRole('link');
      assert.equal(await bars.count(), failed.stages.length);
      await page.getByText('Final', { exact: true }).waitFor();
      assert.ok((await events(page).count()) > 0, 'it has events');
      await shot('payload-failed');
    },

    async 'a succeeded payload that was tried again'({ page, shot, retried }) {
      await page.goto(`${base}/payloads/${retried.requestId}`);
      await heading(page, sentence(retried)).waitFor();
      await shot('payload-retried');
    },

    async 'a payload on its way, dated ahead, late and stalled'({ page, shot }) {
      const id = newId();
      const told = Date.now();
      const at = (ms) => new Date(told + ms).toISOString();
      await tell(
        event(id, 'ingress', 'received', { date: at(-40 * 60_000), inventory_id: newId(), system_id: newId() }),
      );
      await tell(event(id, 'ingress', 'success', { date: at(-40 * 60_000 + 800) }));
      await tell(event(id, 'puptoo', 'processing', { date: at(0), status_msg: 'second slice' }));
      await stored(id, 3);
      // Late is what is taken in a second after a newer one, and a tenth of the time that the newer one took.
      await sleep(1500 + (Date.now() - told) / 5);
      await tell(event(id, 'puptoo', 'received', { date: at(-39 * 60_000) }));
      await tell(event(id, 'vulnerability', 'received', { date: at(8 * 60_000), status_msg: 'a clock that is fast' }));
      await page.goto(`${base}/payloads/${id}`);
      const remarks = page.locator('td[data-label="Remarks"]');
      await remarks.getByText('1 event came late').waitFor();
      await remarks.getByText('1 event dated ahead').waitFor();
      await page.getByText('Live', { exact: true }).waitFor();
      await shot('payload-open');
    },

    async 'a payload of 50,000 events does not freeze the page'({ page, shot, long }) {
      await page.goto(`${base}/payloads/${long}`);
      await events(page).getByText('slice 50000 of 50000').waitFor();
      assert.equal(await events(page).count(), 50);
      // How long a page takes is the machine's affair; that it has little to do is this one's.
      const { elements, bytes } = await page.evaluate(() => ({
        elements: document.querySelectorAll('*').length,
        bytes: performance
          .getEntriesByType('resource')
          .filter(({ name }) => name.endsWith('/graphql'))
          .reduce((sum, { decodedBodySize }) => Math.max(sum, decodedBodySize), 0),
      }));
      assert.ok(elements < 3000 && bytes > 0 && bytes < 200_000, `${elements} elements, an answer of ${bytes} bytes`);
      await shot('payload-long');
      await page.getByRole('button', { name: 'Earlier events' }).click();
      await events(page).getByText('slice 49950 of 50000').waitFor();
      await page.getByRole('button', { name: 'Later events' }).click();
      await events(page).getByText('slice 50000 of 50000').waitFor();
      await page.getByRole('button', { name: 'First', exact: true }).click();
      await events(page).getByText('slice 1 of 50000').waitFor();
      await page.goBack();
      await events(page).getByText('slice 50000 of 50000').waitFor();
      await page.getByRole('button', { name: 'Newest', exact: true }).click();
      await page.waitForFunction(() => location.search === '');
    },
  },

  done: {
    async 'an unknown id is waited for live, and followed until it ends'({ page }) {
      const id = newId();
      await page.goto(base);
      await page.getByRole('textbox', { name: /^Find/ }).fill(id);
      await page.getByRole('button', { name: 'Find' }).click();
      await heading(page, /is unknown/).waitFor();
      await page.getByText('Waiting for it live').waitFor();
      await tell(event(id, 'ingress', 'received', { system_id: newId() }));
      await page.waitForURL(`**/payloads/${id}`);
      await heading(page, 'In ingress').waitFor();
      await page.getByText('Live', { exact: true }).waitFor();
      const ago = () => page.locator('.pt-facts .pt-second-line').first();
      const then = await ago().textContent();
      const tracker = await between(page);
      tracker.hold(); // no question is answered any more: what is new comes by the subscription
      await tell(event(id, 'ingress', 'error', { status_msg: 'no room for it' }));
      await heading(page, 'Failed in ingress: no room for it').waitFor();
      assert.equal(await events(page).count(), 2);
      await ago().filter({ hasNotText: then }).waitFor(); // times tick, whatever is asked
    },

    async 'without a live connection the page asks again, and says so'({ page, allow }) {
      allow(/WebSocket/);
      await withoutSocket(page);
      const id = newId();
      await page.goto(`${base}/payloads/${id}`);
      await page.getByText('this page looks again every 3 s').waitFor();
      await tell(event(id, 'ingress', 'received'));
      await heading(page, 'In ingress').waitFor();
      await page.getByText('No live connection: looks again every 3 s').waitFor();
      await tell(event(id, 'ingress', 'success'));
      await events(page).getByText('success').waitFor();
    },

    async 'the live connection breaks and comes back'({ page, allow }) {
      allow(/WebSocket/);
      const sockets = [];
      let refused = false;
      await page.routeWebSocket('**/graphql', (socket) => {
        if (refused) {
          socket.close({ code: 1011 });
          return;
        }
        socket.connectToServer();
        sockets.push(socket);
      });
      const id = newId();
      await tell(event(id, 'ingress', 'received'));
      await page.goto(`${base}/payloads/${id}`);
      await page.getByText('Live', { exact: true }).waitFor();
      refused = true;
      for (const socket of sockets) await socket.close({ code: 1011 });
      await page.getByText('No live connection').waitFor();
      await tell(event(id, 'ingress', 'processing', { status_msg: 'while nobody listened' }));
      await events(page).getByText('while nobody listened').waitFor();
      refused = false;
      await page.getByText('Live', { exact: true }).waitFor({ timeout: 30_000 });
      await tell(event(id, 'ingress', 'success'));
      await events(page).getByText('success').waitFor();
    },

    async 'the keyboard alone reaches a stage, and its row'({ page, failed }) {
      await page.goto(`${base}/payloads/${failed.requestId}`);
      const bar = page.getByRole('list', { name: 'Stages in time' }).getByRole('link').last();
      await bar.focus();
      await page.keyboard.press('Enter');
      await page.locator('tr.pt-stage-row:target').waitFor();
      assert.match(await bar.getAttribute('title'), /long, began/);
    },

    async 'identifiers are copied, and lead to what shares them'({ page, failed }) {
      await page.goto(`${base}/payloads/${failed.requestId}`);
      const facts = page.getByRole('region', { name: 'Identifiers' });
      assert.equal(await copied(page, facts, 'Copy request id'), failed.requestId);
      await facts.getByRole('link', { name: failed.orgId, exact: true }).click();
      await page.waitForURL(`**/payloads?orgId=${failed.orgId}`);
      await page.goBack();
      await page.getByRole('link', { name: 'Its statuses as a list' }).click();
      await page.waitForURL(`**/statuses?requestId=${failed.requestId}`);
      await page.getByRole('grid', { name: 'Statuses' }).waitFor();
    },

    async 'the archive, for who may have it and who may not'({ page, context, failed, allow }) {
      allow(/403/);
      await page.goto(`${base}/payloads/${failed.requestId}`);
      const link = page.getByRole('button', { name: 'Uploaded archive' });
      const message = 'only members of a role may have archives';
      await page.route('**/archiveLink', (route) => route.fulfill({ status: 403, json: { message } }));
      await link.click();
      await page.getByRole('alert').getByText('Only members of a role may have archives.').waitFor();
      await page.unroute('**/archiveLink');
      await page.route('**/archiveLink', (route) => route.fulfill({ json: { url: `${base}/health` } }));
      const [opened] = await Promise.all([context.waitForEvent('page'), link.click()]);
      await opened.waitForURL('**/health');
      await opened.close();
    },

    async 'many hosts: the first ones, and all when asked for'({ page }) {
      const id = newId();
      await tell(...Array.from({ length: 30 }, () => event(id, 'ingress', 'received', { inventory_id: newId() })));
      const named = async () => {
        const { payload } = await ask(
          `{ payload(by: { requestId: "${id}" }) { hosts(first: 500) { nodes { inventoryId } } } }`,
        );
        return payload?.hosts.nodes.length === 30;
      };
      await until('30 hosts', named);
      await page.goto(`${base}/payloads/${id}`);
      const hosts = page.getByRole('region', { name: 'Hosts' }).getByRole('listitem');
      await page.getByRole('button', { name: 'Show more hosts' }).click();
      await page.waitForFunction(() => document.querySelectorAll('.pt-hosts > li').length === 30);
      assert.equal(await hosts.count(), 30);
    },
  },
};
