import { expect, test } from 'vitest';
import { layOutWide } from '../../lib/flowWide';
import { labelsOf, linesOf } from './labels';

test.each([
  ['puptoo', ['puptoo']],
  ['insights-advisor-service', ['insights-', 'advisor-service']],
  ['inventory-mq-service', ['inventory-', 'mq-service']],
  ['averyverylongservicename', ['averyver…vicename']],
  ['a-verymuchlongernameofone', ['a-', 'verymuch…ameofone']],
])('%s fits into its box', (name, want) => expect(linesOf(name, 152)).toEqual(want));

test('what is written lies upon nothing else', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const edges = names.flatMap((from, i) =>
    names.slice(i + 1).map((to, j) => ({ from, to, payloads: 100 - i - j, failed: 0, handover: null })),
  );
  const map = layOutWide(
    names.map((service) => ({ service, payloads: 100, failed: 0 })),
    edges,
    1100,
  );
  const labels = labelsOf(map);
  expect(labels.size).toBeGreaterThan(0);
  expect(labels.size).toBeLessThan(edges.length);
});
