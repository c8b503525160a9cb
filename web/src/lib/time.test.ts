import { expect, test } from 'vitest';
import { formatLocal, formatTime, formatTimeExactly } from './time';

test('times are said in UTC, whatever zone they came in', () => {
  expect(formatTime('2026-11-25T06:15:02.123456Z')).toBe('2026-11-25 06:15:02');
  expect(formatTime('2026-11-25T07:15:02+01:00')).toBe('2026-11-25 06:15:02');
  expect(formatTimeExactly('2026-11-25T06:15:02.123999Z')).toBe('2026-11-25 06:15:02.123');
});

test('the local time names its zone', () => {
  expect(formatLocal('2026-11-25T06:15:02Z', 'Europe/Berlin')).toMatch(
    /^Wed,? 25 Nov 2026(,| at) 07:15:02 CET|GMT\+1$/,
  );
});

test('what is no time is shown as it came', () => {
  expect(formatTime('soon')).toBe('soon');
  expect(formatTimeExactly('soon')).toBe('soon');
  expect(formatLocal('soon')).toBe('soon');
});
