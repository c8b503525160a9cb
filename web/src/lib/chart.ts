import { roundLengths } from './gantt';
import { formatTime } from './time';
import type { Zone } from './zone';

/** One step of a trend, as the API gives it. */
export interface Step {
  at: string;
}

/** Where a step lies, as shares of the whole window. */
export interface Slot {
  from: number;
  to: number;
}

/** Places the steps of a window side by side. The last one ends where the window does; that is at least one usual step. */
export function slotsOf(steps: Step[], end: number): Slot[] {
  const begins = steps.map(({ at }) => Date.parse(at));
  const [first = 0] = begins;
  const length = end - first;
  return begins.map((at, i) => ({
    from: (at - first) / length,
    to: ((begins[i + 1] ?? end) - first) / length,
  }));
}

/** Where the last step ends: as wide as the widest, since the first may be cut off. */
export function endOfSteps(steps: Step[]): number {
  const begins = steps.map(({ at }) => Date.parse(at));
  const last = begins.at(-1) ?? 0;
  const widest = Math.max(...begins.slice(1).map((at, i) => at - (begins[i] ?? at)), 0);
  return last + (widest || minute * 5);
}

/** Round numbers of things from 0 to at least the greatest, four or fewer of them. */
export function countTicks(greatest: number): number[] {
  const power = 10 ** Math.floor(Math.log10(Math.max(greatest / 3, 1)));
  return ticksBy([1, 2, 5, 10].map((n) => n * power).find((n) => n >= greatest / 3) ?? 1, greatest);
}

/** The same for lengths of time in milliseconds. */
export function lengthTicks(greatest: number): number[] {
  return ticksBy(roundLengths.find((ms) => ms >= greatest / 3) ?? greatest / 3, greatest);
}

function ticksBy(step: number, greatest: number): number[] {
  return Array.from({ length: Math.max(Math.ceil(greatest / step), 1) + 1 }, (_, i) => i * step);
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const distances = [5, 10, 15, 30].map((n) => n * minute).concat([1, 2, 3, 6, 12].map((n) => n * hour));
const dayDistances = [1, 2, 5, 7, 14, 30, 60, 90].map((n) => n * day);

export interface TimeTick {
  /** Share of the whole window. */
  at: number;
  label: string;
}

/** Round times between two moments, at most so many: "14:00", and the day where one begins. */
export function timeTicks(from: number, to: number, most: number, zone: Zone): TimeTick[] {
  const length = to - from;
  const distance = [...distances, ...dayDistances].find((ms) => length / ms <= most) ?? length;
  const ticks: TimeTick[] = [];
  const offset = zone === 'utc' ? 0 : new Date(from).getTimezoneOffset() * minute;
  for (let at = Math.ceil((from - offset) / distance) * distance + offset; at < to; at += distance) {
    const text = formatTime(new Date(at).toISOString(), zone);
    const midnight = text.slice(11, 16) === '00:00';
    ticks.push({
      at: (at - from) / length,
      label: midnight || distance >= day ? text.slice(5, 10) : text.slice(11, 16),
    });
  }
  return ticks;
}

/** The step of a trend in words: "2026-11-25 14:00–15:00"; with the day again where it ends on another. */
export function describeStep(from: number, to: number, zone: Zone): string {
  const begin = formatTime(new Date(from).toISOString(), zone).slice(0, 16);
  const end = formatTime(new Date(to).toISOString(), zone).slice(0, 16);
  if (to - from >= day && begin.endsWith('00:00')) return begin.slice(0, 10);
  return begin.slice(0, 10) === end.slice(0, 10) || end.endsWith('00:00')
    ? `${begin}–${end.slice(11)}`
    : `${begin} – ${end}`;
}
