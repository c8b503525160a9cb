import { expect, test } from 'vitest';
import { readConditions, statusFields } from './filter';
import { builtInViews, ownViews, removeView, sameList, saveView } from './views';

test('the order of an address does not matter, nor the page', () => {
  expect(sameList('/payloads?verdict=FAILED&sort=x', '/payloads?sort=x&verdict=FAILED&after=y')).toBe(true);
  expect(sameList('/payloads', '/payloads?')).toBe(true);
  expect(sameList('/payloads?service=a', '/payloads?service=a&service=b')).toBe(false);
  expect(sameList('/payloads?service=a', '/statuses?service=a')).toBe(false);
});

test('unknown statuses are those that no rule knows', () => {
  const view = builtInViews.find(({ name }) => name === 'Unknown statuses');
  const conditions = readConditions(statusFields, new URL(view?.address ?? '', 'http://x').searchParams);
  expect(conditions.filter(({ op }) => op === 'not').map(({ value }) => value)).toContain('processing_error');
});

test('a view of a name that is taken takes its place', () => {
  saveView({ name: 'mine', address: '/payloads?service=a' });
  saveView({ name: 'other', address: '/payloads' });
  saveView({ name: 'mine', address: '/payloads?service=b' });
  expect(ownViews.get()).toEqual([
    { name: 'other', address: '/payloads' },
    { name: 'mine', address: '/payloads?service=b' },
  ]);
  removeView('mine');
  expect(ownViews.get()).toEqual([{ name: 'other', address: '/payloads' }]);
});
