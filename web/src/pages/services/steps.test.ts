import { expect, test } from 'vitest';
import { lineOf, outlineOf, stepAt, stepsOf } from './steps';

const point = (time: string, received: number, p95: string | null = null) => ({
  at: `2026-11-25T${time}:00Z`,
  received,
  succeeded: received,
  failed: 0,
  p95,
});

const now = stepsOf([point('09:30', 1, 'PT1S'), point('10:00', 2), point('11:00', 3, 'PT2S')], 'utc');

test('points become steps with their times in words', () => {
  expect(now.map(({ when, received, p95 }) => [when, received, p95])).toEqual([
    ['2026-11-25 09:30–10:00', 1, 1000],
    ['2026-11-25 10:00–11:00', 2, null],
    ['2026-11-25 11:00–12:00', 3, 2000],
  ]);
  expect(stepsOf([], 'utc')).toEqual([]);
});

test('the window before lies beneath, also where its steps begin elsewhere', () => {
  const before = stepsOf([point('06:00', 10), point('07:00', 20), point('08:00', 30)], 'utc');
  expect(now.map(({ slot }) => stepAt(before, slot)?.received)).toEqual([10, 20, 30]);
  expect(stepAt([], { from: 0, to: 1 })).toBeUndefined();
});

test('lines break where nothing is known, outlines do not', () => {
  const same = (n: number) => n;
  const p95 = lineOf(now, (step) => step.p95, same, same);
  expect(p95.match(/M/g)).toHaveLength(2);
  expect(p95).not.toContain('L');
  const received = outlineOf(now, (step) => step.received, same, same);
  expect(received.match(/M/g)).toHaveLength(1);
  expect(received.match(/H/g)).toHaveLength(3);
  expect(outlineOf([], (step) => step.received, same, same)).toBe('');
});
