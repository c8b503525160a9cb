import { describe, expect, test } from 'vitest';
import { changeOf, changeOfDuration, changeOfShare, formatCount, formatShare, shareOf } from './numbers';

test.each([
  [0, '0 %'],
  [1, '100 %'],
  [0.5, '50 %'],
  [0.29, '29 %'],
  [0.07, '7 %'],
  [0.0143, '1.4 %'],
  [0.0049, '0.49 %'],
  [0.00004, '<0.01 %'],
  [0.9842, '98.4 %'],
  [0.99999, '99.99 %'],
])('a share of %d', (share, want) => expect(formatShare(share)).toBe(want));

test('counts and shares of them', () => {
  expect(formatCount(3049)).toBe('3,049');
  expect(shareOf(1, 4)).toBe(0.25);
  expect(shareOf(0, 0)).toBeNull();
});

describe('a change against the time before', () => {
  test.each([
    [112, 100, '+12 %', 'up', false],
    [88, 100, '−12 %', 'down', false],
    [900, 100, '+800 %', 'up', true],
    [3049, 1, 'was 1', 'up', true],
    [5, 0, 'was 0', 'up', true],
    [0, 1200, 'was 1,200', 'down', true],
    [7, 7, 'as before', 'same', false],
    [10001, 10000, 'as before', 'same', false],
  ] as const)('%d after %d', (now, before, text, way, much) =>
    expect(changeOf(now, before)).toEqual({ text, way, much }),
  );

  test('nothing, and nothing before', () => expect(changeOf(0, 0)).toBeNull());

  test('of a share in points', () => {
    expect(changeOfShare(0.984, 0.99)).toEqual({ text: '−0.6 points', way: 'down', much: true });
    expect(changeOfShare(0.99, 0.98)).toEqual({ text: '+1 points', way: 'up', much: true });
    expect(changeOfShare(0.99, 0.99)).toEqual({ text: 'as before', way: 'same', much: false });
    expect(changeOfShare(null, 0.99)).toBeNull();
    expect(changeOfShare(0.99, undefined)).toBeNull();
  });

  test('of a time, which is known to a few percent', () => {
    expect(changeOfDuration('PT2S', 'PT1S')).toEqual({ text: '+100 %', way: 'up', much: true });
    expect(changeOfDuration('PT1.11S', 'PT1S')).toEqual({ text: 'as before', way: 'same', much: false });
    expect(changeOfDuration('PT1H', 'PT1S')).toEqual({ text: 'was 1 s', way: 'up', much: true });
    expect(changeOfDuration(undefined, 'PT1S')).toBeNull();
  });
});
