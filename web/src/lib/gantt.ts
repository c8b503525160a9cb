import { formatMilliseconds } from './duration';
import { count } from './sentence';
import { endOf } from './words';

export interface Happening {
  status: string;
  date: string;
  takenInAt: string;
}

export interface ChartedStage<Event extends Happening = Happening> {
  service: string;
  source?: string | null;
  state: string;
  startedAt: string;
  endedAt: string;
  statuses: { nodes: Event[]; pageInfo: { hasNextPage: boolean } };
}

/** Something about an event that a reader should know. */
export type Oddity = 'late' | 'ahead';

export interface Mark<Event extends Happening = Happening> {
  event: Event;
  /** Milliseconds since the payload began. */
  at: number;
  end: 'success' | 'failure' | null;
  oddities: Oddity[];
}

export interface Row<Event extends Happening = Happening> {
  from: number;
  to: number;
  /** How long after the service before it ended this one began; null where none had ended, as when they run side by side. */
  handover: { from: string; ms: number } | null;
  /** How often the stage went on after it had ended. */
  retries: number;
  marks: Mark<Event>[];
  late: number;
  ahead: number;
  /** More events than were read: what is counted is of the first ones. */
  cut: boolean;
}

export interface Chart<Event extends Happening = Happening> {
  /** The payload's first moment. */
  start: number;
  length: number;
  rows: Row<Event>[];
  /** When no service had the payload. */
  gaps: { from: number; to: number }[];
  ticks: number[];
}

// Clocks differ, and a batch is taken in at one time: what is less is nobody's fault. Nor is it when all were taken in
// long after they happened: what has waited comes in no order, and a tenth of that time says nothing.
const tolerance = 1000;

/** Lays the stages out in time: all that the picture and the table beside it say. */
export function layOut<Event extends Happening>(stages: ChartedStage<Event>[]): Chart<Event> {
  const spans = stages.map((stage) => ({ from: Date.parse(stage.startedAt), to: Date.parse(stage.endedAt) }));
  const start = Math.min(...spans.map((span) => span.from));
  const length = Math.max(...spans.map((span) => span.to)) - start;
  const odd = oddities(stages.flatMap((stage) => stage.statuses.nodes));
  const rows = stages.map((stage, i) => {
    const span = spans[i] ?? { from: start, to: start };
    const marks = stage.statuses.nodes.map((event) => ({
      event,
      at: Date.parse(event.date) - start,
      end: endOf(event.status),
      oddities: odd.get(event) ?? [],
    }));
    return {
      from: span.from - start,
      to: span.to - start,
      handover: handover(stages, spans, i),
      retries: countRetries(stage.statuses.nodes),
      marks,
      late: marks.filter((mark) => mark.oddities.includes('late')).length,
      ahead: marks.filter((mark) => mark.oddities.includes('ahead')).length,
      cut: stage.statuses.pageInfo.hasNextPage,
    };
  });
  return { start, length, rows, gaps: gapsOf(rows, length), ticks: ticksOf(length) };
}

type Span = { from: number; to: number };

function handover(stages: ChartedStage[], spans: Span[], i: number): Row['handover'] {
  const here = spans[i];
  if (!here) return null;
  let best: Row['handover'] = null;
  stages.forEach((stage, j) => {
    const there = spans[j];
    if (!there || stage.service === stages[i]?.service || there.to > here.from) return;
    const ms = here.from - there.to;
    if (!best || ms < best.ms) best = { from: stage.service, ms };
  });
  return best;
}

function countRetries(events: Happening[]): number {
  let ended: string | null = null;
  let retries = 0;
  for (const { status } of events) {
    const end = endOf(status);
    // Services say "error" with the reason, then "failed" with a form letter: that is one end.
    if (ended && (status === 'received' || (ended === 'failure' && end === 'success'))) {
      retries++;
      ended = null;
    }
    if (end) ended = end;
  }
  return retries;
}

/** Late: an event with a later date had been taken in well before. Ahead: dated after it was taken in. */
function oddities<Event extends Happening>(events: Event[]): Map<Event, Oddity[]> {
  const found = new Map<Event, Oddity[]>();
  let inTime = Number.POSITIVE_INFINITY;
  for (const event of events.toSorted((a, b) => Date.parse(b.date) - Date.parse(a.date))) {
    const taken = Date.parse(event.takenInAt);
    const odd: Oddity[] = [];
    if (Date.parse(event.date) > taken + tolerance) odd.push('ahead');
    else if (taken > inTime) odd.push('late');
    if (odd.length > 0) found.set(event, odd);
    // One that is dated ahead makes none of the others late.
    if (odd[0] !== 'ahead')
      inTime = Math.min(inTime, taken + Math.max(tolerance, (taken - Date.parse(event.date)) / 10));
  }
  return found;
}

/** Stretches of at least a fiftieth of the whole in which no stage lies. */
function gapsOf(rows: Span[], length: number): Chart['gaps'] {
  const gaps: Chart['gaps'] = [];
  let reached = 0;
  for (const { from, to } of rows.toSorted((a, b) => a.from - b.from)) {
    if (from - reached > length / 50) gaps.push({ from: reached, to: from });
    reached = Math.max(reached, to);
  }
  return gaps;
}

const seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200];
/** Lengths of time, in milliseconds, that read well on an axis. */
export const roundLengths = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...seconds.map((s) => s * 1000),
  ...[1, 2, 7, 14, 30, 90, 365].map((d) => d * 86_400_000),
];

/** Round distances from the start, at most six. */
function ticksOf(length: number): number[] {
  const step = roundLengths.find((ms) => length / ms <= 5) ?? Math.max(length / 5, 1);
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => i * step);
}

/** What is remarkable about a stage, in words: "1 retry, 2 events came late". */
export function remarks(row: Row): string[] {
  const all: string[] = [];
  if (row.retries > 0) all.push(row.retries === 1 ? '1 retry' : `${row.retries} retries`);
  if (row.late > 0) all.push(`${count(row.late, 'event')} came late`);
  if (row.ahead > 0) all.push(`${count(row.ahead, 'event')} dated ahead`);
  if (row.cut) all.push(`of its first ${row.marks.length} events`);
  return all;
}

/** "120 ms after puptoo", "at once after puptoo". */
export function describeHandover({ from, ms }: NonNullable<Row['handover']>): string {
  return `${ms === 0 ? 'at once' : formatMilliseconds(ms)} after ${from}`;
}
