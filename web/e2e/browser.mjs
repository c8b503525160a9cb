import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const usual = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The Chromium named by CHROMIUM, or one where they usually are; it asks nobody but the tracker. */
export async function openBrowser() {
  const executablePath = process.env.CHROMIUM || usual.find((path) => existsSync(path));
  if (!executablePath) throw new Error('no Chromium found: install one, or name one in CHROMIUM');
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A page; what goes wrong on it is added to complaints: console errors, thrown errors, requests to other hosts. What a flow allows is no fault. */
export async function watched(context, base, complaints) {
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const allowed = [];
  const { origin } = new URL(base);
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() !== 'error' || allowed.some((pattern) => pattern.test(text))) return;
    complaints.push(`console: ${text} (${message.location().url})`);
  });
  page.on('pageerror', (error) => complaints.push(`thrown: ${error.stack ?? error}`));
  page.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (asked !== origin && protocol !== 'data:' && protocol !== 'blob:')
      complaints.push(`request to ${request.url()}`);
  });
  return { page, allow: (pattern) => allowed.push(pattern) };
}
