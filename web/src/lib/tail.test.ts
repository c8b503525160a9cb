import { expect, test } from 'vitest';
import { append, emptyTail, pause, resume, type Tail, tailLength } from './tail';

const start: Tail<number> = emptyTail;
const numbers = (n: number) => Array.from({ length: n }, (_, i) => i);

test('the newest is on top', () => {
  expect(append(append(start, [1, 2], 0), [3], 0).rows).toEqual([3, 2, 1]);
});

test('a held tail stands, and then has what came', () => {
  const held = append(pause(append(start, [1], 0)), [2, 3], 0);
  expect(held.rows).toEqual([1]);
  expect(held.heldCount).toBe(2);
  const on = resume(held);
  expect(on.rows).toEqual([3, 2, 1]);
  expect(on).toMatchObject({ heldCount: 0, held: [], paused: false });
});

test('no more is kept than can be shown, and all is counted', () => {
  expect(append(start, numbers(tailLength + 10), 0).rows).toHaveLength(tailLength);
  const held = append(pause(start), numbers(tailLength + 10), 4);
  expect(held.held).toHaveLength(tailLength);
  expect(held.heldCount).toBe(tailLength + 10);
  expect(append(held, [1], 3).skipped).toBe(7);
  expect(resume(held).rows[0]).toBe(tailLength + 9);
});
