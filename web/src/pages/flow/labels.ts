import type { FlowMap, Way } from '../../lib/flow';
import type { FlowEdge } from './query';

const letter = { name: 7.4, label: 7 };
const line = 15;
/** Of the busiest way's traffic: the others say theirs when they are pointed at. */
const least = 0.15;

/** The ways that have room for what is written beside them: those with most traffic first, none upon another. */
export function labelsOf({ ways, places, node }: FlowMap<FlowEdge>): Map<Way<FlowEdge>, boolean> {
  const labels = new Map<Way<FlowEdge>, boolean>();
  const busiest = Math.max(...ways.map(({ edge }) => edge.payloads));
  const taken = places.map(({ x, y }) => ({ x, y, width: node.width, height: node.height }));
  for (const way of ways.toSorted((a, b) => b.edge.payloads - a.edge.payloads)) {
    if (!way.roomy || way.edge.payloads < least * busiest) continue;
    const width = 6 * letter.label;
    const height = way.width + 2 * line;
    const box = { x: way.mark.x - width / 2, y: way.mark.y - height / 2, width, height };
    const meets = taken.some(
      (other) =>
        box.x < other.x + other.width &&
        other.x < box.x + box.width &&
        box.y < other.y + other.height &&
        other.y < box.y + box.height,
    );
    if (meets) continue;
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
