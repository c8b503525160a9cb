import { expect, test } from 'vitest';
import { describeTrend, toFailureFilter } from './failures';
import { failureFields, readConditions } from './filter';

test.each([
  ['', null],
  ['since=P7D&sort=-open', null],
  ['fingerprint=v1:a', { fingerprint: 'v1:a' }],
  [
    'service.not=ingress&orgId=1&orgId.not=2&fingerprint=v1:a',
    { service: { notIn: ['ingress'] }, orgId: { in: ['1'] }, fingerprint: 'v1:a' },
  ],
])('%j as a filter of failures', (address, want) =>
  expect(toFailureFilter(readConditions(failureFields, new URLSearchParams(address)))).toEqual(want),
);

const points = [4, 12, 12, 3].map((count, hour) => ({ at: `2026-11-25T1${hour}:00:00.000000Z`, count }));

test('a trend in words: where it was most, and how it is now', () => {
  expect(describeTrend(points, 'utc')).toBe(
    'most: 12, 2026-11-25 11:00–12:00 UTC; last: 3, 2026-11-25 13:00–14:00 UTC',
  );
  expect(describeTrend([], 'utc')).toBe('nothing');
});
