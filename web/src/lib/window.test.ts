import { describe, expect, test } from 'vitest';
import { asConditions, isOpen, lengthOf, readStretch, toWindow, withStretch } from './window';

const read = (text: string) => readStretch(new URLSearchParams(text));
const hour = 3_600_000;

describe('the time that numbers are of', () => {
  test('is a day unless the address says otherwise', () => {
    expect(read('')).toEqual({ since: 'P1D', from: null, to: null });
    expect(read('since=PT1H')).toEqual({ since: 'PT1H', from: null, to: null });
    expect(read('since=PT1H&from=2026-01-01T00:00:00Z')).toEqual({
      since: null,
      from: '2026-01-01T00:00:00Z',
      to: null,
    });
  });

  test('is written so that it is read again, and takes the place of another', () => {
    for (const stretch of [read(''), read('since=P7D'), read('from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z')]) {
      const next = withStretch(new URLSearchParams('orgId=1&since=PT1H&from=2025-01-01T00:00:00Z'), stretch);
      expect(readStretch(next)).toEqual(stretch);
      expect(next.get('orgId')).toBe('1');
    }
    expect(String(withStretch(new URLSearchParams('since=PT1H'), read('')))).toBe('');
  });

  test('as the API takes it', () => {
    expect(toWindow(read('since=PT1H'))).toEqual({ since: 'PT1H' });
    expect(toWindow(read('from=2026-01-01T00:00:00Z'))).toEqual({ from: '2026-01-01T00:00:00Z' });
    expect(toWindow(read('to=2026-01-01T00:00:00Z'))).toEqual({ to: '2026-01-01T00:00:00Z' });
  });

  test('how long it is, and whether it goes on', () => {
    const now = Date.parse('2026-01-02T00:00:00Z');
    expect(lengthOf(read('since=PT1H'), now)).toBe(hour);
    expect(lengthOf(read('from=2026-01-01T00:00:00Z'), now)).toBe(24 * hour);
    expect(lengthOf(read('from=2026-01-01T00:00:00Z&to=2026-01-01T03:00:00Z'), now)).toBe(3 * hour);
    expect(lengthOf(read('to=2026-01-01T03:00:00Z'), now)).toBeNull();
    expect(lengthOf(read('from=soon'), now)).toBeNull();
    expect(lengthOf(read('since=soon'), now)).toBeNull();
    expect(isOpen(read('since=PT1H'), now)).toBe(true);
    expect(isOpen(read('from=2026-01-01T00:00:00Z&to=2026-01-01T03:00:00Z'), now)).toBe(false);
    expect(isOpen(read('from=2026-01-01T00:00:00Z&to=2026-01-03T00:00:00Z'), now)).toBe(true);
  });

  test('as conditions of a list', () => {
    expect(asConditions('failedAt', read('since=PT1H'))).toEqual([{ field: 'failedAt', op: 'since', value: 'PT1H' }]);
    expect(
      asConditions('startedAt', read('from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z')).map((c) => c.op),
    ).toEqual(['from', 'to']);
  });
});
