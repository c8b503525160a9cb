import { describe, expect, test } from 'vitest';
import { countTicks, describeStep, endOfSteps, lengthTicks, slotsOf, timeTicks } from './chart';

const at = (time: string) => ({ at: `2026-11-25T${time}:00Z` });
const ms = (time: string) => Date.parse(at(time).at);

describe('the steps of a window', () => {
  test('lie side by side, the first as narrow as it is', () => {
    const steps = [at('09:30'), at('10:00'), at('11:00')];
    expect(endOfSteps(steps)).toBe(ms('12:00'));
    expect(slotsOf(steps, ms('12:00'))).toEqual([
      { from: 0, to: 0.2 },
      { from: 0.2, to: 0.6 },
      { from: 0.6, to: 1 },
    ]);
  });

  test('a single one fills it', () => {
    const steps = [at('09:30')];
    expect(slotsOf(steps, endOfSteps(steps))).toEqual([{ from: 0, to: 1 }]);
    expect(slotsOf([], endOfSteps([]))).toEqual([]);
  });

  test.each([
    ['14:00', '15:00', '2026-11-25 14:00–15:00'],
    ['23:00', '24:00', '2026-11-25 23:00–00:00'],
  ])('%s to %s in words', (from, to, want) => {
    const end = to === '24:00' ? ms('00:00') + 86_400_000 : ms(to);
    expect(describeStep(ms(from), end, 'utc')).toBe(want);
  });

  test('a day is called by its date', () =>
    expect(describeStep(ms('00:00'), ms('00:00') + 86_400_000, 'utc')).toBe('2026-11-25'));
});

describe('an axis has round values that hold the greatest', () => {
  test.each([
    [0, [0, 1]],
    [1, [0, 1]],
    [2, [0, 1, 2]],
    [7, [0, 5, 10]],
    [130, [0, 50, 100, 150]],
    [3049, [0, 2000, 4000]],
  ])('%d things', (greatest, want) => expect(countTicks(greatest)).toEqual(want));

  test.each([
    [0, [0, 1]],
    [2300, [0, 1000, 2000, 3000]],
    [40_000, [0, 15_000, 30_000, 45_000]],
    [5_400_000, [0, 1_800_000, 3_600_000, 5_400_000]],
  ])('%d ms', (greatest, want) => expect(lengthTicks(greatest)).toEqual(want));

  test('times, and the day where it begins', () => {
    expect(timeTicks(ms('20:30'), ms('20:30') + 6 * 3_600_000, 6, 'utc').map(({ label }) => label)).toEqual([
      '21:00',
      '22:00',
      '23:00',
      '11-26',
      '01:00',
      '02:00',
    ]);
    expect(timeTicks(ms('00:00'), ms('00:00') + 30 * 86_400_000, 6, 'utc').map(({ label }) => label)).toHaveLength(6);
  });
});
