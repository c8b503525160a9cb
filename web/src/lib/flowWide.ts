import {
  arrowAt,
  arrowLength,
  box,
  everyService,
  type FlowEdge,
  type FlowMap,
  type FlowNode,
  layersOf,
  margin,
  type Point,
  type Way,
  widthOf,
} from './flow';

const between = { rows: 34, lanes: 16, columns: { least: 64, most: 170 } };
const loop = { width: 28, height: 24 };

/** Something that takes room in a layer: a service, or a way that passes by. */
interface Item {
  name: string;
  layer: number;
  height: number;
  /** Its middle. */
  y: number;
}

/** A way with the items it passes from layer to layer. */
interface Route<Edge extends FlowEdge> {
  edge: Edge;
  items: Item[];
}

/**
 * The map of wide screens: layers from left to right, and the ways between them passing by what lies in between;
 * below them the services without ways, side by side.
 */
export function layOutWide<Edge extends FlowEdge>(nodes: FlowNode[], edges: Edge[], room: number): FlowMap<Edge> {
  const linked = everyService([], edges);
  const lone = nodes.filter(({ service }) => !linked.includes(service)).map(({ service }) => service);
  const map = layOutLayers(
    nodes.filter(({ service }) => linked.includes(service)),
    edges,
    room,
  );
  const step = { x: box.width + between.lanes, y: box.height + between.lanes };
  const inRow = Math.max(Math.floor((room - 2 * margin + between.lanes) / step.x), 1);
  const top = linked.length > 0 ? map.height + between.rows - margin : margin;
  const places = lone.map((service, i) => ({
    service,
    layer: 0,
    x: margin + (i % inRow) * step.x,
    y: top + Math.floor(i / inRow) * step.y,
  }));
  return {
    ...map,
    width: Math.max(map.width, ...places.map(({ x }) => x + box.width + margin)),
    height: Math.max(map.height, ...places.map(({ y }) => y + box.height + margin)),
    places: [...map.places, ...places],
  };
}

function layOutLayers<Edge extends FlowEdge>(nodes: FlowNode[], edges: Edge[], room: number): FlowMap<Edge> {
  const layerOf = layersOf(nodes, edges);
  const items = new Map<string, Item>();
  for (const [service, layer] of layerOf) items.set(service, { name: service, layer, height: box.height, y: 0 });
  const routes = edges.flatMap((edge) => routeOf(edge, items));
  const layers = groupByLayer([...items.values(), ...routes.flatMap(({ items }) => items.slice(1, -1))]);
  const links = linksOf(routes);
  orderLayers(layers, links);
  placeLayers(layers, links);

  const beside = edges.some(({ from, to }) => from !== to && layerOf.get(from) === layerOf.get(to));
  const { step, width } = columnsOf(layers.length, room, beside);
  const x = (layer: number) => margin + layer * step;
  const height = Math.max(...layers.flat().map((item) => item.y + item.height / 2), 0) + margin;
  const ports = portsOf(routes);
  const greatest = Math.max(...edges.map(({ payloads }) => payloads), 1);
  return {
    width,
    height,
    node: box,
    places: [...items.values()].map(({ name, layer, y }) => ({
      service: name,
      layer,
      x: x(layer),
      y: y - box.height / 2,
    })),
    ways: routes.map((route) => drawWide(route, ports, x, step - box.width, greatest)),
  };
}

function routeOf<Edge extends FlowEdge>(edge: Edge, items: Map<string, Item>): Route<Edge>[] {
  const [from, to] = [items.get(edge.from), items.get(edge.to)];
  if (!from || !to) return [];
  const passed: Item[] = [];
  const way = Math.sign(to.layer - from.layer);
  for (let layer = from.layer + way; way !== 0 && layer !== to.layer; layer += way) {
    passed.push({ name: `${edge.from} ${edge.to} ${layer}`, layer, height: 8, y: 0 });
  }
  return [{ edge, items: [from, ...passed, to] }];
}

function groupByLayer(items: Item[]): Item[][] {
  const layers: Item[][] = [];
  for (const item of items) {
    layers[item.layer] ??= [];
    layers[item.layer]?.push(item);
  }
  return layers;
}

interface Link {
  other: Item;
  weight: number;
}

type Links = Map<Item, Link[]>;

/** What each item is linked with in the layers beside its own. */
function linksOf(routes: Route<FlowEdge>[]): Links {
  const links: Links = new Map();
  const add = (item: Item, other: Item, weight: number) => {
    const all = links.get(item);
    if (all) all.push({ other, weight });
    else links.set(item, [{ other, weight }]);
  };
  for (const { edge, items } of routes) {
    items.slice(1).forEach((to, i) => {
      const from = items[i] ?? to;
      if (from.layer === to.layer) return;
      add(from, to, Math.sqrt(edge.payloads));
      add(to, from, Math.sqrt(edge.payloads));
    });
  }
  return links;
}

/** Puts the items of each layer into the order of what they are linked with, to and fro, so that few ways cross. */
function orderLayers(layers: Item[][], links: Links): void {
  const rank = new Map<Item, number>();
  const count = (layer: Item[]) => {
    layer.forEach((item, i) => {
      rank.set(item, i - (layer.length - 1) / 2);
    });
  };
  layers.forEach(count);
  for (let sweep = 0; sweep < 8; sweep++) {
    for (const layer of sweep % 2 === 0 ? layers : layers.toReversed()) {
      const wanted = new Map(layer.map((item) => [item, meanOf(links.get(item), (other) => rank.get(other) ?? 0)]));
      layer.sort((a, b) => (wanted.get(a) ?? rank.get(a) ?? 0) - (wanted.get(b) ?? rank.get(b) ?? 0));
      count(layer);
    }
  }
}

/** The weighted mean of what an item is linked with; null where there is nothing. */
function meanOf(links: Link[] = [], value: (other: Item) => number): number | null {
  const weights = links.reduce((sum, { weight }) => sum + weight, 0);
  return weights > 0 ? links.reduce((sum, { other, weight }) => sum + weight * value(other), 0) / weights : null;
}

/** Gives each item its height in the layer: as near as it can to what it is linked with, none upon another. */
function placeLayers(layers: Item[][], links: Links): void {
  for (const layer of layers) settle(layer, () => 0);
  for (let sweep = 0; sweep < 8; sweep++) {
    for (const layer of sweep % 2 === 0 ? layers : layers.toReversed()) {
      const wanted = new Map(layer.map((item) => [item, meanOf(links.get(item), (other) => other.y) ?? item.y]));
      settle(layer, (item) => wanted.get(item) ?? item.y);
    }
  }
  const top = Math.min(...layers.flat().map((item) => item.y - item.height / 2));
  for (const item of layers.flat()) item.y += margin + loop.height - top;
}

function settle(layer: Item[], wanted: (item: Item) => number): void {
  let free = Number.NEGATIVE_INFINITY;
  let off = 0;
  for (const item of layer) {
    item.y = Math.max(wanted(item), free + item.height / 2);
    off += wanted(item) - item.y;
    free = item.y + item.height / 2 + (item.height === box.height ? between.rows : between.lanes);
  }
  for (const item of layer) item.y += off / layer.length;
}

function columnsOf(layers: number, room: number, beside: boolean): { step: number; width: number } {
  const right = margin + (beside ? between.columns.least : 0);
  const free = room - margin - right - layers * box.width;
  const gap = Math.min(Math.max(free / Math.max(layers - 1, 1), between.columns.least), between.columns.most);
  const step = box.width + gap;
  return { step, width: margin + (layers - 1) * step + box.width + right };
}

type Side = 'left' | 'right';

interface Ports {
  at: (item: Item, route: Route<FlowEdge>, end: 'start' | 'end') => number;
}

/** Where on its sides a service's ways begin and end: side by side, in the order of where they lead. */
function portsOf<Edge extends FlowEdge>(routes: Route<Edge>[]): Ports {
  const sides = new Map<string, { key: string; towards: number }[]>();
  for (const [n, { items }] of routes.entries()) {
    const [first, last] = [items[0], items.at(-1)];
    if (!first || !last || first === last) continue;
    const add = (item: Item, next: Item | undefined, end: 'start' | 'end') => {
      const name = `${item.name} ${sideOf(item, next)}`;
      sides.set(name, [...(sides.get(name) ?? []), { key: `${n} ${end}`, towards: next?.y ?? item.y }]);
    };
    add(first, items[1], 'start');
    add(last, items.at(-2), 'end');
  }
  const shift = new Map<string, number>();
  for (const ports of sides.values()) {
    ports.sort((a, b) => a.towards - b.towards);
    const room = box.height - 16;
    ports.forEach(({ key }, i) => {
      shift.set(key, ports.length === 1 ? 0 : (i / (ports.length - 1) - 0.5) * Math.min(room, (ports.length - 1) * 12));
    });
  }
  const numbers = new Map<Route<FlowEdge>, number>(routes.map((route, n) => [route, n]));
  return { at: (item, route, end) => item.y + (shift.get(`${numbers.get(route)} ${end}`) ?? 0) };
}

/** Ways to later layers leave to the right; those beside it too. */
function sideOf(item: Item, next: Item | undefined): Side {
  return next && next.layer < item.layer ? 'left' : 'right';
}

function drawWide<Edge extends FlowEdge>(
  route: Route<Edge>,
  ports: Ports,
  x: (layer: number) => number,
  gap: number,
  greatest: number,
): Way<Edge> {
  const { edge, items } = route;
  const [first, last] = [items[0], items.at(-1)];
  const width = widthOf(edge, greatest);
  if (!first || !last) return { edge, path: '', width, arrow: '', mark: { x: 0, y: 0 }, roomy: false };
  if (first === last) return drawLoop(edge, width, { x: x(first.layer), y: first.y - box.height / 2 });
  const begin = ports.at(first, route, 'start');
  const end = ports.at(last, route, 'end');
  if (first.layer === last.layer) {
    const edgeX = x(first.layer) + box.width;
    const bow = Math.min(36 + Math.abs(begin - end) / 5, gap * 1.2);
    return {
      edge,
      width,
      path: `M${edgeX} ${begin}C${edgeX + bow} ${begin} ${edgeX + bow} ${end} ${edgeX + arrowLength} ${end}`,
      arrow: arrowAt(edgeX, end, -1, width),
      mark: { x: edgeX + bow * 0.75, y: (begin + end) / 2 },
      roomy: false,
    };
  }
  const way = Math.sign(last.layer - first.layer);
  const near = (layer: number, side: 'before' | 'after') => x(layer) + ((side === 'after') === way > 0 ? box.width : 0);
  let path = '';
  let mark = { x: 0, y: 0 };
  items.slice(1).forEach((to, i) => {
    const from = items[i] ?? to;
    const y0 = from === first ? begin : from.y;
    const y1 = to === last ? end : to.y;
    const x0 = near(from.layer, 'after');
    const x1 = near(to.layer, 'before') - (to === last ? way * arrowLength : 0);
    const middle = (x0 + x1) / 2;
    path += `${i === 0 ? 'M' : 'L'}${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${x1} ${y1}`;
    if (i === 0) mark = { x: middle, y: (y0 + y1) / 2 };
  });
  return { edge, width, path, arrow: arrowAt(near(last.layer, 'before'), end, way, width), mark, roomy: true };
}

function drawLoop<Edge extends FlowEdge>(edge: Edge, width: number, corner: Point): Way<Edge> {
  const right = corner.x + box.width - 16;
  const left = right - loop.width;
  const top = corner.y - loop.height;
  return {
    edge,
    width: Math.min(width, 4),
    path: `M${left} ${corner.y}C${left} ${top} ${right} ${top} ${right} ${corner.y - arrowLength}`,
    arrow: `${right - 5},${corner.y - arrowLength} ${right + 5},${corner.y - arrowLength} ${right},${corner.y}`,
    mark: { x: (left + right) / 2, y: corner.y - loop.height * 0.75 },
    roomy: false,
  };
}
