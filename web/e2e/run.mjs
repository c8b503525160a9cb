// Opens the pages of a running tracker (BASE_URL, fed by the broker BROKER) in Chromium and walks through them as a person would.
// Fails on what it does not find, any console error, any page error, any request to another host, and any fault that axe sees.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { openBrowser, watched } from './browser.mjs';
import { compare } from './flows/compare.mjs';
import { failures } from './flows/failures.mjs';
import { flow } from './flows/flow.mjs';
import { ingest } from './flows/ingest.mjs';
import { lists } from './flows/lists.mjs';
import { loads } from './flows/loads.mjs';
import { payload } from './flows/payload.mjs';
import { services } from './flows/services.mjs';
import { stalled } from './flows/stalled.mjs';
import { states } from './flows/states.mjs';
import { statuses } from './flows/statuses.mjs';
import { anyPayload, ask, base, hoursAgo, longPayload } from './tracker.mjs';

const screenshots = fileURLToPath(new URL('../screenshots/', import.meta.url));
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const sizes = { 1280: { width: 1280, height: 900 }, 390: { width: 390, height: 844 } };
const only = process.env.ONLY; // part of a flow's name, while working on it

// `seen` are walked at both widths and in both themes, `done` once: what they prove does not depend on the look.
const groups = [loads, lists, payload, statuses, failures, stalled, services, flow, ingest, compare, states];

await mkdir(screenshots, { recursive: true });
let browser = await openBrowser();
const known = {
  failed: await anyPayload({ verdict: { eq: 'FAILED' } }),
  succeeded: await anyPayload({ verdict: { eq: 'SUCCEEDED' } }),
  retried: await retried(),
  long: only && !'50,000'.includes(only) ? '' : await longPayload(50_000),
};
assert.ok(known.failed && known.succeeded, 'the tracker knows a failed and a succeeded payload');

/** A payload that failed somewhere before it succeeded there, and changes no more. */
async function retried() {
  const { payloads } = await ask(
    `{ payloads(filter: { verdict: { eq: SUCCEEDED }, startedAt: { to: "${hoursAgo(1)}" } }, first: 500) { nodes { requestId verdict { state sentence coveredFailures } stages { service } } } }`,
  );
  return payloads.nodes.find((one) => one.verdict.coveredFailures.length > 0) ?? payloads.nodes[0];
}

const broken = []; // what was wrong in each walk that did not pass
let passed = 0;
let again = 0; // passed at the second try only
const began = Date.now();
for (const [width, viewport] of Object.entries(sizes)) {
  for (const colorScheme of ['light', 'dark']) {
    const first = width === '1280' && colorScheme === 'light';
    const look = { width, viewport, colorScheme };
    const context = await contextOf(look);
    for (const [name, flow] of groups.flatMap(({ seen, done }) =>
      Object.entries(first ? { ...seen, ...done } : seen),
    )) {
      if (!only || name.includes(only)) await twice(context, name, flow, look);
    }
    await closed(context);
  }
}
await closed(browser);
console.log(
  `e2e: ${passed} passed (${again} at the second try), ${broken.length} broken, ${Math.round((Date.now() - began) / 1000)} s`,
);
for (const what of broken) console.error(what);
process.exit(broken.length === 0 && passed > 0 ? 0 : 1);

async function contextOf({ viewport, colorScheme }) {
  if (!browser.isConnected()) browser = await openBrowser(); // it crashed
  return browser.newContext({
    viewport,
    colorScheme,
    reducedMotion: 'reduce',
    timezoneId: 'Europe/Berlin', // Not the zone of the server: local times must be the reader's.
    permissions: ['clipboard-read', 'clipboard-write'],
  });
}

/** Walks again, with nothing remembered, where something was wrong: what a busy machine did is told, and fails only if it is so both times. */
async function twice(context, name, flow, look) {
  let complaints = await walk(context, name, flow, look);
  if (complaints.length > 0) {
    const fresh = await contextOf(look);
    complaints = await walk(fresh, name, flow, look);
    await closed(fresh);
    if (complaints.length === 0) again++;
  }
  if (complaints.length === 0) {
    passed++;
    return;
  }
  const inShort = complaints.map((complaint) => complaint.slice(0, 400)).join('\n  ');
  broken.push(`BROKEN ${look.width} px ${look.colorScheme} ${name}\n  ${inShort}`);
}

/** Walks through one flow, and gives what was wrong. */
async function walk(context, name, flow, look) {
  const complaints = [];
  const start = Date.now();
  let page;
  try {
    const watch = await watched(context, base, complaints);
    page = watch.page;
    const shot = (what, options) => pictured(page, what, look, complaints, options);
    await flow({ page, context, shot, allow: watch.allow, narrow: look.width === '390', ...known });
  } catch (error) {
    complaints.push(error.stack ?? String(error));
    await page?.screenshot({ path: `${screenshots}broken-${look.width}-${look.colorScheme}.png` }).catch(() => {});
  }
  const took = ((Date.now() - start) / 1000).toFixed(1);
  const mark = complaints.length === 0 ? 'ok    ' : 'BROKEN';
  console.log(`${mark} ${look.width} px ${look.colorScheme.padEnd(5)} ${took.padStart(5)} s  ${name}`);
  for (const complaint of complaints) console.error(`       ${complaint}`);
  if (page) await closed(page);
  return complaints;
}

/** Takes a picture of the whole page, after a look at its width and with axe. */
async function pictured(page, what, { width, viewport, colorScheme }, complaints, { accepted = {} } = {}) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  if (wide) complaints.push(`${what} is wider than ${width} px`);
  complaints.push(...(await faults(page, accepted)).map((fault) => `${what}: ${fault}`));
  // The page scrolls inside its frame: the window grows to what is in it.
  const height = await page.evaluate(() => {
    const content = document.getElementById('content');
    return window.innerHeight + (content ? content.scrollHeight - content.clientHeight : 0);
  });
  await page.setViewportSize({ ...viewport, height: Math.min(height, 3000) });
  await page.screenshot({ path: `${screenshots}${what}-${width}-${colorScheme}.png` });
  await page.setViewportSize(viewport);
}

/** Closes a page, a context or a browser, whatever became of it. */
async function closed(what) {
  await what.close().catch(() => {});
}

/** What axe finds against WCAG 2.2 AA. Accepted are faults by their rule, of elements whose HTML matches. */
async function faults(page, accepted) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }),
  );
  const ours = violations.map(({ nodes, ...rule }) => ({
    ...rule,
    nodes: nodes.filter(({ html }) => !accepted[rule.id]?.test(html)),
  }));
  return ours
    .filter(({ nodes }) => nodes.length > 0)
    .map(
      ({ id, help, nodes }) =>
        `axe ${id}: ${help}\n         ${nodes
          .slice(0, 3)
          .map((node) => `${node.html.slice(0, 200)} ${node.any[0]?.message ?? ''}`)
          .join('\n         ')}`,
    );
}
