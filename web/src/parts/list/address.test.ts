import { expect, test } from 'vitest';
import { orderOf, pageOf } from './address';

test('an order as the API takes it', () => {
  expect(orderOf('-startedAt')).toEqual({ field: 'STARTED_AT', direction: 'DESC' });
  expect(orderOf('quietSince')).toEqual({ field: 'QUIET_SINCE', direction: 'ASC' });
  expect(orderOf('-date')).toEqual({ field: 'DATE', direction: 'DESC' });
});

test('a page as the API takes it', () => {
  expect(pageOf({ size: 20, after: null, before: null })).toEqual({ first: 20, after: null });
  expect(pageOf({ size: 50, after: 'a', before: null })).toEqual({ first: 50, after: 'a' });
  expect(pageOf({ size: 50, after: null, before: 'b' })).toEqual({ last: 50, before: 'b' });
});
