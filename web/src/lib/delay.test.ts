import { expect, test } from 'vitest';
import { backlogOf, describeDelay } from './delay';

const noon = Date.parse('2026-11-25T12:00:00Z');

/** An event of noon that was taken in so many seconds later. */
const event = (seconds: number) => ({
  date: new Date(noon).toISOString(),
  takenInAt: new Date(noon + seconds * 1000).toISOString(),
});

test.each([
  ['one came at once', [1800, 2, 1900], 0],
  ['all waited', [1800, 1803, 1900], 1_800_000],
  ['one is dated ahead, the others waited', [-480, 1800], 1_800_000],
  ['all are dated ahead', [-480], 0],
  ['there is none', [], 0],
])('%s', (_, seconds, want) => expect(backlogOf(seconds.map(event))).toBe(want));

test.each([
  [2, 0, null],
  [40, 0, 'taken in 40 s later'],
  [-480, 0, 'dated 8 min ahead'],
  [1803, 1800, null],
  [2400, 1800, 'taken in 40 min later'],
  [-480, 1800, 'dated 8 min ahead'],
])('%d s, while all waited %d s', (seconds, backlog, want) =>
  expect(describeDelay(event(seconds), backlog * 1000)).toBe(want),
);
