import { describe, expect, test } from 'vitest';
import { everyService, type FlowEdge, type FlowMap, type FlowNode, layersOf, levelOf, mainFlow } from './flow';
import { layOutNarrow } from './flowNarrow';
import { layOutWide } from './flowWide';

const edge = (from: string, to: string, payloads: number, failed = 0): FlowEdge => ({ from, to, payloads, failed });
const node = (service: string, payloads: number): FlowNode => ({ service, payloads, failed: 0 });

// A trunk, branches side by side, ways between them, ways back and a loop: what a platform looks like.
const nodes = [
  node('ingress', 100),
  node('puptoo', 98),
  node('inventory', 95),
  node('a', 40),
  node('b', 30),
  node('c', 20),
];
const edges = [
  edge('ingress', 'puptoo', 98),
  edge('puptoo', 'inventory', 90, 12),
  edge('puptoo', 'c', 2),
  edge('inventory', 'a', 30),
  edge('inventory', 'b', 20),
  edge('inventory', 'c', 15),
  edge('a', 'b', 10),
  edge('b', 'a', 10),
  edge('c', 'inventory', 5),
  edge('b', 'ingress', 3),
  edge('a', 'a', 4),
];

const layers = (nodes: FlowNode[], edges: FlowEdge[]) => Object.fromEntries(layersOf(nodes, edges));

describe('a service lies behind the one that most of its payloads come from', () => {
  test('whatever else leads there', () =>
    expect(layers(nodes, edges)).toEqual({ ingress: 0, puptoo: 1, inventory: 2, a: 3, b: 3, c: 3 }));

  test('where payloads begin is the first, though some come back', () =>
    expect(layers([node('a', 100), node('b', 100)], [edge('a', 'b', 100), edge('b', 'a', 30)])).toEqual({
      a: 0,
      b: 1,
    }));

  test('a circle with no beginning has one all the same', () => {
    const found = layers(
      [node('a', 9), node('b', 9), node('c', 9)],
      [edge('a', 'b', 9), edge('b', 'c', 8), edge('c', 'a', 7)],
    );
    expect(found).toEqual({ a: 0, b: 1, c: 2 });
  });

  test('a few payloads more from a later one make no layer more', () => {
    const ways = [edge('a', 'b', 100), edge('a', 'c', 45), edge('b', 'c', 46), edge('c', 'b', 5)];
    expect(layers([node('a', 100), node('b', 100), node('c', 91)], ways)).toEqual({ a: 0, b: 1, c: 1 });
  });

  test('services that only ways name are there', () => {
    expect(layers([node('b', 5)], [edge('a', 'b', 5), edge('b', 'c', 4)])).toEqual({ a: 0, b: 1, c: 2 });
    expect(everyService([node('b', 5)], [edge('a', 'b', 5)])).toEqual(['b', 'a']);
  });
});

function apart({ places, node }: FlowMap<FlowEdge>): boolean {
  return places.every((a, i) =>
    places.every((b, j) => j <= i || Math.abs(a.x - b.x) >= node.width || Math.abs(a.y - b.y) >= node.height),
  );
}

function inside({ places, node, width, height }: FlowMap<FlowEdge>): boolean {
  return places.every(({ x, y }) => x >= 0 && y >= 0 && x + node.width <= width && y + node.height <= height);
}

describe.each([
  ['wide', layOutWide, 1180],
  ['narrow', layOutNarrow, 340],
] as const)('the %s map', (_, layOut, room) => {
  test('has every service and every way, none upon another', () => {
    const map = layOut(nodes, edges, room);
    expect(map.places).toHaveLength(nodes.length);
    expect(map.ways).toHaveLength(edges.length);
    expect(apart(map)).toBe(true);
    expect(inside(map)).toBe(true);
    for (const { path, arrow, mark } of map.ways) {
      expect(`${path} ${arrow} ${mark.x} ${mark.y}`).not.toMatch(/NaN|undefined|Infinity/);
      expect(path).toMatch(/^M/);
    }
  });

  test('of nothing, of one, and of many in a circle', () => {
    expect(layOut([], [], room).places).toEqual([]);
    const one = layOut([node('a', 1)], [edge('a', 'a', 1)], room);
    expect(one.places).toHaveLength(1);
    expect(one.height).toBeGreaterThan(one.node.height);
    const names = Array.from({ length: 40 }, (_, i) => `service ${i}`);
    const many = layOut(
      names.map((name) => node(name, 10)),
      names.flatMap((from, i) => [1, 7, 13].map((n) => edge(from, names[(i + n) % 40] ?? '', 10 - (n % 5)))),
      room,
    );
    expect(many.ways).toHaveLength(120);
    expect(apart(many)).toBe(true);
  });

  test('is the same for the same', () => expect(layOut(nodes, edges, room)).toEqual(layOut(nodes, edges, room)));

  test('more traffic is wider', () => {
    const widths = layOut(nodes, edges, room).ways.map(({ edge, width }) => [edge.payloads, width] as const);
    const [most, least] = [Math.max(...widths.map(([, w]) => w)), Math.min(...widths.map(([, w]) => w))];
    expect(widths.find(([payloads]) => payloads === 98)?.[1]).toBe(most);
    expect(widths.find(([payloads]) => payloads === 2)?.[1]).toBe(least);
  });
});

test('the wide map goes from left to right and fits where it can', () => {
  const map = layOutWide(nodes, edges, 1180);
  const x = Object.fromEntries(map.places.map((place) => [place.service, place.x]));
  expect(x.ingress).toBeLessThan(x.puptoo ?? 0);
  expect(x.puptoo).toBeLessThan(x.inventory ?? 0);
  expect(x.inventory).toBeLessThan(x.a ?? 0);
  expect(map.width).toBeLessThanOrEqual(1180);
});

test.each([
  [0, 'few'],
  [1, 'few'],
  [2, 'some'],
  [10, 'many'],
] as const)('%d of 100 failed: %s', (failed, level) => expect(levelOf({ payloads: 100, failed })).toBe(level));

test('of nothing nothing failed', () => expect(levelOf({ payloads: 0, failed: 0 })).toBe('few'));

describe('the main flow', () => {
  test('has the ways with a tenth of either end, the main one to each, and those that need a look', () => {
    const all = [
      edge('a', 'b', 1000),
      edge('a', 'c', 50),
      edge('x', 'b', 90),
      edge('x', 'c', 2000),
      edge('x', 'd', 90),
      edge('a', 'd', 20, 3),
      edge('b', 'd', 5, 1),
      edge('a', 'e', 30),
      edge('c', 'e', 9),
      edge('a', 'a', 3),
    ];
    expect(mainFlow([], all).edges.map(({ from, to }) => from + to)).toEqual(['ab', 'xc', 'xd', 'ad', 'ae']);
    expect(mainFlow([], [])).toEqual({ nodes: [], edges: [] });
  });

  test('leaves out the services that next to nothing comes to, and their ways', () => {
    const found = mainFlow([...nodes, node('rare', 0.9), node('lone', 50)], [...edges, edge('rare', 'puptoo', 1)]);
    expect(found.nodes.map(({ service }) => service)).toEqual([...nodes.map(({ service }) => service), 'lone']);
    expect(found.edges.some(({ from }) => from === 'rare')).toBe(false);
  });
});

test('services without ways lie side by side below the others', () => {
  const lone = Array.from({ length: 9 }, (_, i) => node(`lone ${i}`, 5));
  const map = layOutWide([...nodes, ...lone], edges, 1180);
  const bottom = Math.max(...map.places.filter(({ service }) => !service.startsWith('lone')).map(({ y }) => y));
  const rows = new Set(map.places.filter(({ service }) => service.startsWith('lone')).map(({ y }) => y));
  expect(Math.min(...rows)).toBeGreaterThan(bottom);
  expect(rows.size).toBe(2);
  expect(apart(map) && inside(map)).toBe(true);
});
