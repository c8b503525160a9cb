import { describe, expect, test } from 'vitest';
import { asRequestId, readIdentifier } from './identifier';

describe('readIdentifier', () => {
  test.each([
    ['abc', 'abc'],
    ['  abc\n', 'abc'],
    ['"abc"', 'abc'],
    ["'abc',", 'abc'],
    ['“abc”', 'abc'],
    ['` "abc" `', 'abc'],
    ['', ''],
    [' " " ', ''],
    ['insights.client id', 'insights.client id'],
  ])('%j is %j', (pasted, want) => expect(readIdentifier(pasted)).toBe(want));
});

describe('asRequestId', () => {
  const id = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
  test.each([
    [id, id],
    [id.toUpperCase(), id],
    ['0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0', id],
    ['0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0', id],
    ['0f1e2d3c4b5a-6978-8796-a5b4c3d2e1f0', null],
    [id.slice(1), null],
    [`${id}0`, null],
    ['third-party', null],
    ['', null],
  ])('%j is %j', (given, want) => expect(asRequestId(given)).toBe(want));
});
