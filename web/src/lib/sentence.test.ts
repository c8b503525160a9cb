import { expect, test } from 'vitest';
import { asSentence, count, inFull } from './sentence';

test('a sentence begins with a capital letter', () => {
  expect(asSentence('passed 5 services in 3.8 s and succeeded')).toBe('Passed 5 services in 3.8 s and succeeded');
  expect(asSentence('')).toBe('');
});

test('one of a noun is no plural', () => {
  expect(count(1, 'host')).toBe('1 host');
  expect(count(1200, 'host')).toBe('1,200 hosts');
  expect(count(2, 'status')).toBe('2 statuses');
});

test('a message ends as a sentence does', () => {
  expect(inFull('the database does not answer')).toBe('The database does not answer.');
  expect(inFull('Wait a little.')).toBe('Wait a little.');
});
