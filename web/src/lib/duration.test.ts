import { describe, expect, test } from 'vitest';
import { formatDuration, formatMilliseconds, parseDuration, readDuration } from './duration';

describe('parseDuration', () => {
  test.each([
    ['PT0S', 0],
    ['PT3.8S', 3800],
    ['PT22M', 22 * 60_000],
    ['PT1H2M3.5S', 3_723_500],
    ['P1DT1S', 86_401_000],
    ['P2W', 14 * 86_400_000],
    ['-PT1.5S', -1500],
    ['P', null],
    ['PT', null],
    ['P1DT', null],
    ['3.8 s', null],
    ['', null],
  ])('%s is %d ms', (iso, want) => expect(parseDuration(iso)).toBe(want));
});

describe('formatMilliseconds', () => {
  test.each([
    [0, '0 ms'],
    [999.9, '999 ms'],
    [1000, '1 s'],
    [3849, '3.8 s'],
    [9999, '9.9 s'],
    [10_000, '10 s'],
    [119_999, '119 s'],
    [120_000, '2 min'],
    [7_199_000, '119 min'],
    [7_200_000, '2 h'],
    [48 * 3_600_000, '2 days'],
    [-1500, '−1.5 s'],
  ])('%d is %s', (ms, want) => expect(formatMilliseconds(ms)).toBe(want));
});

test('formatDuration says nothing of nothing', () => {
  expect(formatDuration(null)).toBe('–');
  expect(formatDuration(undefined)).toBe('–');
  expect(formatDuration('PT1M30S')).toBe('90 s');
  expect(formatDuration('soon')).toBe('soon');
});

describe('readDuration', () => {
  test.each([
    ['90', 'PT90S'],
    ['90 s', 'PT90S'],
    ['250ms', 'PT0.25S'],
    ['1,5 s', 'PT1.5S'],
    ['5 min', 'PT5M'],
    ['1.5 min', 'PT90S'],
    ['2h', 'PT2H'],
    ['3 days', 'P3D'],
    ['0.5 d', 'PT43200S'],
    ['pt15m', 'PT15M'],
    ['soon', null],
    ['5 fortnights', null],
    ['', null],
  ])('%j is %s', (words, want) => expect(readDuration(words)).toBe(want));
});
