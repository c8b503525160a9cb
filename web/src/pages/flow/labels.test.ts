import { expect, test } from 'vitest';
import type { Way } from '../../lib/flow';
import { layOutWide } from '../../lib/flowWide';
import { labelsOf, linesOf } from './labels';
import type { FlowEdge } from './query';

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

test.each([
  ['under its sign', 110, false],
  ['clear of it', 200, true],
])('what is written beside a way, with another that fails: %s', (_, x, written) => {
  const way = (edge: FlowEdge, x: number): Way<FlowEdge> => ({
    edge,
    path: '',
    arrow: '',
    width: 10,
    mark: { x, y: 100 },
    roomy: true,
  });
  const busy = way({ from: 'a', to: 'b', payloads: 1000, failed: 0, handover: null }, 100);
  const failing = way({ from: 'a', to: 'c', payloads: 100, failed: 50, handover: null }, x);
  const labels = labelsOf({
    ways: [busy, failing],
    places: [],
    node: { width: 150, height: 60 },
    width: 500,
    height: 500,
  });
  expect(labels.has(busy)).toBe(written);
});
