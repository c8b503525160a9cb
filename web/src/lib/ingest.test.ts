import { describe, expect, test } from 'vitest';
import { bySilence, describeReason, formatRate, standingOf, waitingIn, waitingOf } from './ingest';

const part = (partition: number, position: number | null, end: number | null) => ({
  topic: 't',
  partition,
  position,
  end,
  lag: position === null || end === null ? null : end - position,
});

describe('whether taking in keeps up', () => {
  test.each([
    ['nothing waits', [part(0, 9, 9), part(1, 4, 4)], null, 10, 'well', 'Taking in keeps up with what services say.'],
    ['a batch is on its way', [part(0, 0, 900)], null, 10, 'well', 'Taking in keeps up with what services say.'],
    [
      'as much as five seconds bring',
      [part(0, 0, 9000)],
      null,
      2000,
      'well',
      'Taking in keeps up with what services say.',
    ],
    ['more waits', [part(0, 0, 9000), part(1, 5, 5)], null, 10, 'behind', '9,000 records wait in 1 of 2 partitions.'],
    ['in the only one', [part(0, 0, 9000)], null, 10, 'behind', '9,000 records wait.'],
    ['nothing of a partition is stored', [part(0, null, 2000)], null, 0, 'behind', '2,000 records wait.'],
    [
      'the broker is away',
      [part(0, 9, null)],
      'the broker is away',
      0,
      'unknown',
      'How much waits is not known. The broker is away.',
    ],
  ] as const)('%s', (_, partitions, problem, rate, state, sentence) =>
    expect(standingOf([...partitions], problem, rate)).toEqual({ state, sentence }),
  );

  test('what waits, and in all', () => {
    expect(waitingOf(part(0, 5, null))).toBe(0);
    expect(waitingOf(part(0, null, null))).toBe(0);
    expect(waitingIn([part(0, 5, 7), part(1, null, 3)])).toBe(5);
  });
});

test.each([
  [0, 'none'],
  [0.03, 'less than 0.1'],
  [0.44, '0.4'],
  [1157.33, '1,157'],
])('%d a second', (rate, want) => expect(formatRate(rate)).toBe(want));

test('reasons in words', () => {
  expect(describeReason('not_json')).toBe('Not JSON');
  expect(describeReason('something_new')).toBe('something_new');
});

test('who is silent comes first, the others stand still', () => {
  const now = Date.parse('2026-11-25T12:00:00Z');
  const events = [
    { service: 'b', date: '2026-11-25T11:59:58Z' },
    { service: 'c', date: '2026-11-25T11:50:00Z' },
    { service: 'd', date: '2026-11-25T10:00:00Z' },
    { service: 'a', date: '2026-11-25T11:59:59Z' },
  ];
  expect(bySilence(events, now).map(({ service }) => service)).toEqual(['d', 'c', 'a', 'b']);
});
