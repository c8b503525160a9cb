import { formatMilliseconds, parseDuration } from './duration';

/** "3,049". */
export const formatCount = (n: number): string => n.toLocaleString('en');

/** A share from 0 to 1 as "98.4 %". Cut, never rounded: nothing is called whole, or none, that is not. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.0001) return '<0.01 %';
  const percent = share * 100;
  const digits = percent >= 99 || percent < 1 ? 2 : 1;
  return `${String(cut(percent, digits))} %`;
}

// A share that was meant as a round number must not fall below it: 0.29 * 100 is 28.999999999999996.
const cut = (n: number, digits: number) => Math.floor(Number((n * 10 ** digits).toFixed(6))) / 10 ** digits;

/** The share, where there is a whole. */
export function shareOf(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}

/** What became of a number since the time before. */
export interface Change {
  /** "+12 %", "−0.3 points", "was 1". */
  text: string;
  way: 'up' | 'down' | 'same';
  /** Worth a look. */
  much: boolean;
}

const same: Change = { text: 'as before', way: 'same', much: false };

const muchOf = { share: 0.005, ratio: 1.5 };

/** A number against the one before it; null where there is nothing to say. */
export function changeOf(now: number, before: number, write: (n: number) => string = formatCount): Change | null {
  if (now === before) return now === 0 ? null : same;
  const way = now > before ? 'up' : 'down';
  const ratio = now / before;
  const much = Math.max(ratio, 1 / ratio) >= muchOf.ratio;
  // Of next to nothing everything is many times as much: the number itself says more.
  if (before === 0 || now === 0 || ratio >= 10) return { text: `was ${write(before)}`, way, much };
  const percent = Math.round(Math.abs(ratio - 1) * 100);
  return percent === 0 ? same : { text: `${way === 'up' ? '+' : '−'}${formatCount(percent)} %`, way, much };
}

/** A share against the one before it, in points of a hundred. */
export function changeOfShare(now: number | null | undefined, before: number | null | undefined): Change | null {
  if (now == null || before == null) return null;
  const points = Math.round(Math.abs(now - before) * 10_000) / 100;
  if (points === 0) return same;
  const much = Math.abs(now - before) >= muchOf.share;
  return { text: `${now > before ? '+' : '−'}${points} points`, way: now > before ? 'up' : 'down', much };
}

/** A length of time of the API against the one before it. What is within the error of the percentiles is the same. */
export function changeOfDuration(now: string | null | undefined, before: string | null | undefined): Change | null {
  const [a, b] = [parseDuration(now ?? ''), parseDuration(before ?? '')];
  if (a === null || b === null) return null;
  if (b > 0 && Math.abs(a / b - 1) <= tolerance) return same;
  return changeOf(a, b, formatMilliseconds);
}

// Either may be wrong by 5 %.
const tolerance = 0.12;
