import { describeStep, endOfSteps, type Slot, slotsOf } from '../../lib/chart';
import { formatMilliseconds, parseDuration } from '../../lib/duration';
import type { Zone } from '../../lib/zone';
import type { ServiceNumbers } from './query';

export type TrendPoint = ServiceNumbers['trend'][number];

/** One step of the window, and the one of the window before at the same place. */
export interface Step {
  slot: Slot;
  when: string;
  received: number;
  succeeded: number;
  failed: number;
  p95: number | null;
}

export interface TrendProps {
  points: TrendPoint[];
  /** The window before, of the same length; empty while it is not known. */
  before: TrendPoint[];
}

export function stepsOf(points: TrendPoint[], shownZone: Zone): Step[] {
  const end = endOfSteps(points);
  return slotsOf(points, end).map((slot, i) => {
    const point = points[i];
    const from = Date.parse(point?.at ?? '');
    return {
      slot,
      when: describeStep(from, Date.parse(points[i + 1]?.at ?? '') || end, shownZone),
      received: point?.received ?? 0,
      succeeded: point?.succeeded ?? 0,
      failed: point?.failed ?? 0,
      p95: point?.p95 ? parseDuration(point.p95) : null,
    };
  });
}

export const middle = ({ from, to }: Slot) => (from + to) / 2;

/** The step of the window before that lies at the middle of this one. */
export function stepAt(steps: Step[], slot: Slot): Step | undefined {
  return steps.find((step) => step.slot.from <= middle(slot) && middle(slot) < step.slot.to);
}

export const writeLength = (ms: number | null): string => (ms === null ? '–' : formatMilliseconds(ms));

export type Scale = (n: number) => number;
export type Value = (step: Step) => number | null;

/** From the middle of each step to the next; broken where a step has no value. */
export function lineOf(steps: Step[], value: Value, x: Scale, y: Scale): string {
  let pen = 'M';
  return steps
    .map((step) => {
      const one = value(step);
      const part = one === null ? '' : `${pen}${x(middle(step.slot)).toFixed(1)} ${y(one).toFixed(1)}`;
      pen = one === null ? 'M' : 'L';
      return part;
    })
    .join('');
}

/** Along the tops of the bars. */
export function outlineOf(steps: Step[], value: Value, x: Scale, y: Scale): string {
  return steps
    .map((step, i) => {
      const top = y(value(step) ?? 0).toFixed(1);
      return `${i === 0 ? 'M' : 'L'}${x(step.slot.from).toFixed(1)} ${top}H${x(step.slot.to).toFixed(1)}`;
    })
    .join('');
}
