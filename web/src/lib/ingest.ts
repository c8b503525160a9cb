import { formatCount } from './numbers';
import { count, inFull } from './sentence';

interface Partition {
  topic: string;
  partition: number;
  position?: number | null;
  end?: number | null;
  lag?: number | null;
}

export interface Standing {
  state: 'well' | 'behind' | 'unknown';
  sentence: string;
}

/** Whether taking in keeps up, in a sentence. rate: records taken in a second. */
export function standingOf(partitions: Partition[], brokerProblem: string | null | undefined, rate: number): Standing {
  if (brokerProblem) {
    return { state: 'unknown', sentence: `How much waits is not known. ${inFull(brokerProblem)}` };
  }
  const waiting = waitingIn(partitions);
  if (waiting <= usual(rate)) return { state: 'well', sentence: 'Taking in keeps up with what services say.' };
  const behind = partitions.filter((one) => waitingOf(one) > 0).length;
  const where = partitions.length > 1 ? ` in ${formatCount(behind)} of ${count(partitions.length, 'partition')}` : '';
  return { state: 'behind', sentence: `${count(waiting, 'record')} ${waiting === 1 ? 'waits' : 'wait'}${where}.` };
}

/** What a batch on its way makes wait, at that rate. */
const usual = (rate: number) => Math.max(1000, rate * 5);

/** Records that are not stored yet; of a partition of which nothing is stored, all. */
export function waitingOf({ lag, position, end }: Partition): number {
  return lag ?? (position == null ? (end ?? 0) : 0);
}

export function waitingIn(partitions: Partition[]): number {
  return partitions.reduce((sum, one) => sum + waitingOf(one), 0);
}

/** Who is silent for a minute or more first, the longest first; the others by name, so that they stand still. */
export function bySilence<Event extends { service: string; date: string }>(events: Event[], now: number): Event[] {
  const silent = ({ date }: Event) => (now - Date.parse(date) >= minute ? Date.parse(date) : Number.POSITIVE_INFINITY);
  return events.toSorted((a, b) => {
    const [one, other] = [silent(a), silent(b)];
    if (one !== other) return one - other;
    return a.service < b.service ? -1 : 1;
  });
}

const minute = 60_000;

/** "1,157", "0.4", "none". */
export function formatRate(rate: number): string {
  if (rate === 0) return 'none';
  if (rate < 0.1) return 'less than 0.1';
  return rate < 10 ? String(Math.round(rate * 10) / 10) : formatCount(Math.round(rate));
}

const reasons: Record<string, string> = {
  too_large: 'Too large',
  invalid_utf8: 'Not UTF-8',
  not_json: 'Not JSON',
  not_object: 'JSON, but no object',
  nul: 'A NUL in a text',
  missing_field: 'A field is missing',
  wrong_type: 'A field of the wrong type',
  too_long: 'A text that is too long',
  bad_request_id: 'Not a request id',
  bad_date: 'Not a date',
};

/** Why a message was no event, in words; the reason itself where it is a new one. */
export function describeReason(reason: string): string {
  return reasons[reason] ?? reason;
}
