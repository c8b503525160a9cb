import { describe, expect, test } from 'vitest';
import {
  describeCondition,
  payloadFields,
  readConditions,
  statusFields,
  toFilter,
  withCondition,
  withOneEach,
  withoutCondition,
  withoutConditions,
} from './filter';

const read = (address: string) => readConditions(payloadFields, new URLSearchParams(address));
const filterOf = (address: string) => toFilter(read(address));

describe('an address as a filter of the API', () => {
  test.each([
    ['', null],
    ['sort=-failedAt&size=50&unknown=x', null],
    ['service=puptoo', { service: { in: ['puptoo'] } }],
    ['service=puptoo&service=ingress&service.not=x', { service: { in: ['puptoo', 'ingress'], notIn: ['x'] } }],
    ['source=', { source: { in: [''] } }],
    ['verdict=FAILED', { verdict: { in: ['FAILED'] } }],
    ['failureMessage.has=no%20room', { failureMessage: { contains: 'no room' } }],
    ['startedAt.since=PT1H', { startedAt: { since: 'PT1H' } }],
    ['failedAt.from=a&failedAt.to=b', { failedAt: { from: 'a', to: 'b' } }],
    ['duration.gte=PT1S&duration.lt=PT1M', { duration: { gte: 'PT1S', lt: 'PT1M' } }],
  ])('%s', (address, want) => expect(filterOf(address)).toEqual(want));

  test('fields of the other list are not ours', () => {
    expect(readConditions(statusFields, new URLSearchParams('verdict=FAILED&message.has=x'))).toEqual([
      { field: 'message', op: 'has', value: 'x' },
    ]);
  });
});

describe('a condition more', () => {
  const add = (address: string, field: string, op: 'is' | 'not' | 'has' | 'since' | 'from' | 'to', value: string) =>
    String(withCondition(new URLSearchParams(address), { field, op, value }));

  test.each([
    ['', 'service', 'is', 'a', 'service=a'],
    ['service=a', 'service', 'is', 'b', 'service=a&service=b'],
    ['service=a', 'service', 'is', 'a', 'service=a'],
    ['service=a&service=b', 'service', 'not', 'a', 'service=b&service.not=a'],
    ['message.has=a', 'message', 'has', 'b', 'message.has=b'],
    ['date.from=1&date.to=2', 'date', 'since', 'PT1H', 'date.since=PT1H'],
    ['date.since=PT1H', 'date', 'from', '1', 'date.from=1'],
    ['date.from=1', 'date', 'to', '2', 'date.from=1&date.to=2'],
    ['after=x&size=50', 'service', 'is', 'a', 'size=50&service=a'],
  ] as const)('%s and %s %s %s', (address, field, op, value, want) =>
    expect(add(address, field, op, value)).toBe(want),
  );
});

test('a condition less, and none', () => {
  const search = new URLSearchParams('service=a&service=b&verdict=FAILED&sort=x&before=y');
  expect(String(withoutCondition(search, { field: 'service', op: 'is', value: 'a' }))).toBe(
    'service=b&verdict=FAILED&sort=x',
  );
  expect(String(withoutConditions(payloadFields, search))).toBe('sort=x');
});

test('one value each of what takes no more', () => {
  const search = new URLSearchParams('service=a&orgId=1&service=b&orgId=2');
  expect(String(withOneEach(['service', 'fingerprint'], search))).toBe('service=b&orgId=1&orgId=2');
});

test.each([
  ['service=puptoo', 'Service: puptoo'],
  ['service.not=puptoo', 'Service: not puptoo'],
  ['source=', 'Source: empty'],
  ['verdict.not=IN_PROGRESS', 'Verdict: not In progress'],
  ['failureMessage.has=room', 'Reason: contains room'],
  ['startedAt.since=P1D', 'Started: within the last 24 h'],
  ['startedAt.from=2026-11-25T06:00:00Z', 'Started: from 2026-11-25 06:00:00 UTC'],
  ['duration.gte=PT90S', 'Duration: at least 90 s'],
  ['duration.lt=soon', 'Duration: shorter than soon'],
])('%s in words', (address, want) => {
  const [condition] = read(address);
  const field = payloadFields.find((one) => one.name === condition?.field);
  expect(field && condition && describeCondition(field, condition, 'utc')).toBe(want);
});
