import { expect, test } from 'vitest';
import { numbersFields, readConditions } from '../../lib/filter';
import { readStretch } from '../../lib/window';
import { payloadsAddress } from './payloads';

const from = (text: string, fate: 'failed' | null) => {
  const search = new URLSearchParams(text);
  return payloadsAddress(
    { stretch: readStretch(search), conditions: readConditions(numbersFields, search) },
    'puptoo',
    fate,
  );
};

test.each([
  ['', null, '/payloads?service=puptoo&startedAt.since=P1D'],
  ['since=PT1H&orgId=1&orgId=2', null, '/payloads?service=puptoo&startedAt.since=PT1H&orgId=1&orgId=2'],
  ['since=PT1H&source=x&service.not=y', 'failed', '/payloads?failedService=puptoo&failedAt.since=PT1H&source=x'],
  [
    'from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z',
    'failed',
    '/payloads?failedService=puptoo&failedAt.from=2026-01-01T00%3A00%3A00Z&failedAt.to=2026-01-02T00%3A00%3A00Z',
  ],
] as const)('a number of %s leads to its payloads', (text, fate, want) => expect(from(text, fate)).toBe(want));
