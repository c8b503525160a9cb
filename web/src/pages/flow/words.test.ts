import { expect, test } from 'vitest';
import { describeEdge, describeNode } from './words';

test.each([
  [
    { from: 'a', to: 'b', payloads: 1000, failed: 14, handover: { p50: 'PT0.097S', p95: 'PT1.5S' } },
    'a to b: 1,000 payloads, 14 failed (1.4 %), handed over in 97 ms (p50), 1.5 s (p95)',
  ],
  [{ from: 'a', to: 'a', payloads: 1, failed: 0, handover: null }, 'a again: 1 payload, none failed'],
])('a way in words', (edge, want) => expect(describeEdge(edge)).toBe(want));

test('a service in words', () =>
  expect(describeNode({ service: 'a', payloads: 2, failed: 1 })).toBe('a: 2 payloads, 1 failed (50 %)'));
