import { expect, test } from 'vitest';
import { describeRatio, pairUp } from './compare';

const stage = (service: string, seconds: number, source?: string) => ({ service, source, duration: `PT${seconds}S` });

test('stages meet by service and source, and what only one has keeps its place', () => {
  const pairs = pairUp(
    [stage('ingress', 1), stage('puptoo', 2), stage('patchman', 1)],
    [stage('ingress', 2), stage('advisor', 1, 'x'), stage('puptoo', 2), stage('advisor', 1)],
  );
  expect(pairs.map(({ service, source, a, b }) => [service, source, Boolean(a), Boolean(b)])).toEqual([
    ['ingress', '', true, true],
    ['advisor', 'x', false, true],
    ['puptoo', '', true, true],
    ['advisor', '', false, true],
    ['patchman', '', true, false],
  ]);
  expect(pairs[0]?.ratio).toBe(2);
  expect(pairs[4]?.ratio).toBeNull();
});

test.each([
  [null, ''],
  [1.4, ''],
  [2, '2.0 × as long'],
  [34.4, '34 × as long'],
  [0.25, '4.0 × as fast'],
])('%s is said as %j', (ratio, want) => expect(describeRatio(ratio)).toBe(want));
