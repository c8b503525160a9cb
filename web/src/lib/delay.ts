import { formatMilliseconds } from './duration';

interface Taken {
  date: string;
  takenInAt: string;
}

// Milliseconds: less is on its way.
const remarkable = 5000;

/** How long after it happened an event was taken in, in milliseconds; below 0 where it is dated ahead. */
const delayOf = ({ date, takenInAt }: Taken) => Date.parse(takenInAt) - Date.parse(date);

/** How long all these events had to wait until they were taken in, as when that was behind; 0 milliseconds where one of them came at once. */
export function backlogOf(events: Taken[]): number {
  const least = Math.min(...events.map(delayOf).filter((ms) => ms >= 0));
  return Number.isFinite(least) && least >= remarkable ? least : 0;
}

/** When an event was taken in, where that was neither about when it happened nor what it shares with all others. */
export function describeDelay(event: Taken, backlog: number): string | null {
  const ms = delayOf(event);
  if (ms <= -remarkable) return `dated ${formatMilliseconds(-ms)} ahead`;
  return ms - backlog >= Math.max(remarkable, backlog / 10) ? `taken in ${formatMilliseconds(ms)} later` : null;
}
