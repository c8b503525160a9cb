import { expect, test } from 'vitest';
import { formatAgo, formatLocal, formatTime, formatTimeExactly, readTime } from './time';

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

test('how long ago', () => {
  const noon = Date.parse('2026-11-25T12:00:00Z');
  expect(formatAgo('2026-11-25T11:59:59.500Z', noon)).toBe('now');
  expect(formatAgo('2026-11-25T11:59:56.100Z', noon)).toBe('3 s ago');
  expect(formatAgo('2026-11-25T09:00:00Z', noon)).toBe('3 h ago');
  expect(formatAgo('2026-11-25T12:05:00Z', noon)).toBe('in 5 min');
  expect(formatAgo('soon', noon)).toBe('');
});

test('the reader’s own time, there and back', () => {
  const local = formatTime('2026-11-25T06:15:02Z', 'local');
  expect(readTime(local.replace(' ', 'T'), 'local')).toBe('2026-11-25T06:15:02Z');
  expect(readTime('2026-11-25T06:15', 'utc')).toBe('2026-11-25T06:15:00Z');
  expect(readTime('', 'utc')).toBeNull();
});
