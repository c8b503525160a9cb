import { type FlowMap, levelOf, type Way } from '../../lib/flow';
import type { FlowEdge } from './query';

const letter = { name: 7.4, label: 7 };
const line = 15;
/** How wide and high the sign of a way is where many fail. */
const sign = 20;
/** Of the busiest way's traffic: the others say theirs when they are pointed at. */
const least = 0.15;

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const around = ({ x, y }: { x: number; y: number }, width: number, height: number): Box => ({
  x: x - width / 2,
  y: y - height / 2,
  width,
  height,
});

const meet = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** The ways that have room for what is written beside them: those with most traffic first, none upon another, nor under the sign of another. */
export function labelsOf({ ways, places, node }: FlowMap<FlowEdge>): Map<Way<FlowEdge>, boolean> {
  const labels = new Map<Way<FlowEdge>, boolean>();
  const busiest = Math.max(...ways.map(({ edge }) => edge.payloads));
  const taken: Box[] = places.map(({ x, y }) => ({ x, y, ...node }));
  const signs = ways.filter(({ edge }) => levelOf(edge) !== 'few');
  for (const way of ways.toSorted((a, b) => b.edge.payloads - a.edge.payloads)) {
    if (!way.roomy || way.edge.payloads < least * busiest) continue;
    const box = around(way.mark, 6 * letter.label, way.width + 2 * line);
    const signed = signs.some((other) => other !== way && meet(box, around(other.mark, sign, sign)));
    if (signed || taken.some((other) => meet(box, other))) continue;
    taken.push(box);
    labels.set(way, true);
  }
  return labels;
}

/** A name in one line or two, broken where it has a dash; what does not fit even so is left out in its middle. */
export function linesOf(name: string, width: number): string[] {
  const most = Math.floor((width - 24) / letter.name);
  if (name.length <= most) return [name];
  const breaks = [...name.matchAll(/[-_.]/g)].map(({ index }) => index + 1).filter((at) => at < name.length);
  const longest = (at: number) => Math.max(at, name.length - at);
  const best = breaks.toSorted((a, b) => longest(a) - longest(b))[0];
  if (best === undefined) return [shorten(name, most)];
  return [name.slice(0, best), name.slice(best)].map((part) => shorten(part, most));
}

/** The beginning and the end of a name tell more than its beginning alone. */
function shorten(name: string, most: number): string {
  if (name.length <= most) return name;
  const half = Math.floor((most - 1) / 2);
  return `${name.slice(0, most - 1 - half)}…${name.slice(-half)}`;
}
