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
  type Way,
  widthOf,
} from './flow';

const gap = 17;

/** The map of narrow screens: the services one below the other, the ways as bows beside them. */
export function layOutNarrow<Edge extends FlowEdge>(nodes: FlowNode[], edges: Edge[], room: number): FlowMap<Edge> {
  const layerOf = layersOf(nodes, edges);
  const known = new Map(nodes.map((node) => [node.service, node.payloads]));
  const linked = new Set(everyService([], edges));
  const services = [...layerOf.keys()].sort(
    (a, b) =>
      Number(linked.has(b)) - Number(linked.has(a)) ||
      (layerOf.get(a) ?? 0) - (layerOf.get(b) ?? 0) ||
      (known.get(b) ?? 0) - (known.get(a) ?? 0),
  );
  const node = { width: Math.min(box.width, Math.round(room * 0.6)), height: box.height };
  const step = node.height + gap;
  const y = (service: string) => margin + services.indexOf(service) * step;
  const greatest = Math.max(...edges.map(({ payloads }) => payloads), 1);
  const bows = Math.max(room - node.width - 8, 40);
  return {
    width: room,
    height: margin * 2 + services.length * step - gap,
    node,
    places: services.map((service) => ({ service, layer: layerOf.get(service) ?? 0, x: 2, y: y(service) })),
    ways: edges.map((edge) => drawBow(edge, y(edge.from), y(edge.to), 2 + node.width, bows, services.length, greatest)),
  };
}

function drawBow<Edge extends FlowEdge>(
  edge: Edge,
  from: number,
  to: number,
  x: number,
  bows: number,
  services: number,
  greatest: number,
): Way<Edge> {
  const width = widthOf(edge, greatest) * 0.7;
  const rows = Math.abs(to - from) / (box.height + gap);
  // A bow reaches three quarters of the way to its handles.
  const reach = (bows / 0.78) * (0.25 + 0.75 * Math.sqrt(rows / Math.max(services - 1, 1)));
  // Ways down begin below the middle and end above it; ways back the other way round, so that the two do not meet.
  const third = box.height / 4;
  const down = to >= from;
  const begin = from + box.height / 2 + (down ? third : -third);
  const end = to + box.height / 2 + (down ? -third : third);
  return {
    edge,
    width,
    path: `M${x} ${begin}C${x + reach} ${begin} ${x + reach} ${end} ${x + arrowLength} ${end}`,
    arrow: arrowAt(x, end, -1, width),
    mark: { x: x + reach * 0.75, y: (begin + end) / 2 },
    roomy: false,
  };
}
