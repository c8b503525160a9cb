import { parseDuration } from './duration';

/** How long a stage took; nothing where there is none. */
export function millisecondsOf(stage: { duration: string } | null): number {
  return stage ? (parseDuration(stage.duration) ?? 0) : 0;
}

/** How much longer the second took: "4.2 × as long"; nothing worth a word between half and twice. */
export function describeRatio(ratio: number | null): string {
  if (ratio === null || (ratio > 0.5 && ratio < 2)) return '';
  return ratio >= 2 ? `${short(ratio)} × as long` : `${short(1 / ratio)} × as fast`;
}

const short = (n: number) => (n < 10 ? n.toFixed(1) : Math.round(n).toLocaleString('en'));
