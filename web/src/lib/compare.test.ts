import { expect, test } from 'vitest';
import { describeRatio } from './compare';

test.each([
  [null, ''],
  [1.4, ''],
  [2, '2.0 × as long'],
  [34.4, '34 × as long'],
  [0.25, '4.0 × as fast'],
])('%s is said as %j', (ratio, want) => expect(describeRatio(ratio)).toBe(want));
