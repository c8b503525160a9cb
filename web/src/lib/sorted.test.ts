import { expect, test } from 'vitest';
import { sortedBy } from './sorted';

const items = [
  { name: 'a', n: 2 },
  { name: 'b', n: null },
  { name: 'c', n: 10 },
  { name: 'd', n: 2 },
];
const names = (descending: boolean) =>
  sortedBy(items, ({ n }) => n, descending)
    .map(({ name }) => name)
    .join('');

test('up and down, equals as they came, and what has no value last', () => {
  expect(names(false)).toBe('adcb');
  expect(names(true)).toBe('cadb');
});
