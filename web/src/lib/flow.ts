import { shareOf } from './numbers';

/** A service on the way of payloads. */
export interface FlowNode {
  service: string;
  payloads: number;
  failed: number;
}

/** The way from one service to another, or to itself. */
export interface FlowEdge {
  from: string;
  to: string;
  payloads: number;
  failed: number;
}

export type Level = 'few' | 'some' | 'many';

/** How much fails, in three steps: what is worth a look, and what is worth one now. */
export function levelOf({ payloads, failed }: { payloads: number; failed: number }): Level {
  const share = shareOf(failed, payloads) ?? 0;
  return share >= shares.many ? 'many' : share >= shares.some ? 'some' : 'few';
}

/**
 * What says most: the services with a hundredth at least of the busiest one's traffic, and of the ways between them
 * the one that a service got most by, those with a tenth of what one end gave or got, and those that need a look.
 */
export function mainFlow<Node extends FlowNode, Edge extends FlowEdge>(
  nodes: Node[],
  edges: Edge[],
): { nodes: Node[]; edges: Edge[] } {
  const traffic = trafficOf(nodes, edges);
  const busiest = Math.max(...traffic.values(), 0);
  const busy = (service: string) => (traffic.get(service) ?? 0) >= shares.busy * busiest;
  return {
    nodes: nodes.filter(({ service }) => busy(service)),
    edges: mainWays(edges.filter(({ from, to }) => busy(from) && busy(to))),
  };
}

/** The payloads of each service; where only ways name it, those that they lead there or away. */
function trafficOf(nodes: FlowNode[], edges: FlowEdge[]): Map<string, number> {
  const [gave, got] = sumsOf(edges);
  const own = new Map(nodes.map((node) => [node.service, node.payloads]));
  return new Map(
    everyService(nodes, edges).map((service) => [
      service,
      own.get(service) ?? Math.max(gave.get(service) ?? 0, got.get(service) ?? 0),
    ]),
  );
}

function mainWays<Edge extends FlowEdge>(edges: Edge[]): Edge[] {
  const [gave, got] = sumsOf(edges);
  const most = new Map<string, Edge>();
  for (const edge of edges) {
    if (edge.from !== edge.to && edge.payloads > (most.get(edge.to)?.payloads ?? 0)) most.set(edge.to, edge);
  }
  const little = shares.little * Math.max(...edges.map(({ payloads }) => payloads), 0);
  return edges.filter((edge) => {
    const least = shares.main * Math.min(gave.get(edge.from) ?? 0, got.get(edge.to) ?? 0);
    const bad = levelOf(edge) === 'many' && edge.failed >= fewFailed;
    return bad || most.get(edge.to) === edge || edge.payloads >= Math.max(least, little);
  });
}

const shares = { some: 0.02, many: 0.1, main: 0.1, little: 0.02, busy: 0.01 };

/** Of a handful of payloads one that failed is much, and yet says little. */
const fewFailed = 3;

/** What each service gave away, and what it got. */
function sumsOf(edges: FlowEdge[]): [gave: Map<string, number>, got: Map<string, number>] {
  const [gave, got] = [new Map<string, number>(), new Map<string, number>()];
  for (const { from, to, payloads } of edges) {
    gave.set(from, (gave.get(from) ?? 0) + payloads);
    got.set(to, (got.get(to) ?? 0) + payloads);
  }
  return [gave, got];
}

/** A service's place on the map. */
export interface Place {
  service: string;
  /** How many services lie before it on the main way, and which place it has beside others there. */
  layer: number;
  x: number;
  y: number;
}

/** A way on the map. */
export interface Way<Edge extends FlowEdge> {
  edge: Edge;
  /** The line, as SVG draws it. */
  path: string;
  width: number;
  /** The arrow's corners, as SVG draws it. */
  arrow: string;
  /** A point on the line, for what is written or marked there. */
  mark: Point;
  /** Room for a word at the mark. */
  roomy: boolean;
}

export interface Point {
  x: number;
  y: number;
}

export interface FlowMap<Edge extends FlowEdge> {
  width: number;
  height: number;
  node: { width: number; height: number };
  places: Place[];
  ways: Way<Edge>[];
}

/** The services of which something is known, and those that ways lead from or to. */
export function everyService(nodes: FlowNode[], edges: FlowEdge[]): string[] {
  return [...new Set([...nodes.map((node) => node.service), ...edges.flatMap((edge) => [edge.from, edge.to])])];
}

/**
 * The layer of each service: one after a service that many of its payloads come from. Those that most payloads begin
 * in come first. Ways back, ways beside and loops change nothing.
 */
export function layersOf(nodes: FlowNode[], edges: FlowEdge[]): Map<string, number> {
  const services = everyService(nodes, edges);
  const most = mostFrom(nodes, edges);
  const far = depths(services, most);
  // Of those that give about as much, the earliest: who comes first decides by a few payloads whether there is a layer more.
  const early = new Map<string, string>();
  for (const [to, from] of most) {
    const enough = (edges.find((edge) => edge.to === to && edge.from === from)?.payloads ?? 0) / 2;
    let best = from;
    for (const edge of edges) {
      const other = edge.to === to && edge.payloads >= enough ? edge.from : best;
      if ((far.get(other) ?? 0) < (far.get(best) ?? 0)) best = other;
    }
    early.set(to, best);
  }
  return depths(services, early);
}

function depths(services: string[], before: Map<string, string>): Map<string, number> {
  const layers = new Map<string, number>();
  for (const service of services) {
    let layer = 0;
    for (let at = before.get(service); at !== undefined; at = before.get(at)) layer++;
    layers.set(service, layer);
  }
  return layers;
}

/** For each service the one that most of its payloads come from; together they never lead in a circle. */
function mostFrom(nodes: FlowNode[], edges: FlowEdge[]): Map<string, string> {
  const own = new Map(nodes.map((node) => [node.service, node.payloads]));
  const came = new Map<string, number>();
  for (const { from, to, payloads } of edges) if (from !== to) came.set(to, (came.get(to) ?? 0) + payloads);
  const before = new Map<string, string>();
  for (const { from, to } of edges.toSorted((a, b) => b.payloads - a.payloads || byName(a, b))) {
    const begin = (came.get(to) ?? 0) * 2 < (own.get(to) ?? 0);
    if (from === to || begin || before.has(to)) continue;
    let circle = false;
    for (let at: string | undefined = from; at !== undefined && !circle; at = before.get(at)) circle = at === to;
    if (!circle) before.set(to, from);
  }
  return before;
}

function byName(a: FlowEdge, b: FlowEdge): number {
  const [one, other] = [`${a.from} ${a.to}`, `${b.from} ${b.to}`];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** A service's box. */
export const box = { width: 152, height: 66 };

/** The room around all. */
export const margin = 12;

/** How long arrows are. */
export const arrowLength = 9;

/** The arrow that ends at a point; way is 1 to the right and -1 to the left. */
export function arrowAt(x: number, y: number, way: number, width: number): string {
  const half = Math.max(5, width / 2 + 3);
  return `${x - way * arrowLength},${y - half} ${x - way * arrowLength},${y + half} ${x},${y}`;
}

/** Four times the payloads are twice as wide. */
export function widthOf({ payloads }: FlowEdge, greatest: number): number {
  return 1.5 + 10.5 * Math.sqrt(payloads / greatest);
}
