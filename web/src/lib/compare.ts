import { parseDuration } from './duration';

interface Side {
  service: string;
  source?: string | null;
  duration: string;
}

/** One service and source, as each of the two payloads went through it. */
export interface Pair<Stage extends Side> {
  name: string;
  service: string;
  source: string;
  a: Stage | undefined;
  b: Stage | undefined;
  /** How many times as long b took; null where one of them is missing or took no time. */
  ratio: number | null;
}

/** The stages of both, in the order of a; those that only b has come where b has them. */
export function pairUp<Stage extends Side>(a: Stage[], b: Stage[]): Pair<Stage>[] {
  const pairs = a.map((stage) =>
    pair(
      stage,
      b.find((other) => nameOf(other) === nameOf(stage)),
    ),
  );
  b.forEach((stage, i) => {
    if (pairs.some((one) => one.name === nameOf(stage))) return;
    const before = b[i - 1];
    const place = before ? pairs.findIndex((one) => one.name === nameOf(before)) + 1 : 0;
    pairs.splice(place, 0, pair(undefined, stage));
  });
  return pairs;
}

const nameOf = ({ service, source }: Side) => `${service} ${source ?? ''}`;

function pair<Stage extends Side>(a: Stage | undefined, b: Stage | undefined): Pair<Stage> {
  const known = a ?? b;
  const [before, after] = [millisecondsOf(a), millisecondsOf(b)];
  return {
    name: known ? nameOf(known) : '',
    service: known?.service ?? '',
    source: known?.source ?? '',
    a,
    b,
    ratio: a && b && before > 0 && after > 0 ? after / before : null,
  };
}

export function millisecondsOf(stage: { duration: string } | undefined): number {
  return stage ? (parseDuration(stage.duration) ?? 0) : 0;
}

/** How much longer the second took: "4.2 × as long"; nothing worth a word between half and twice. */
export function describeRatio(ratio: number | null): string {
  if (ratio === null || (ratio > 0.5 && ratio < 2)) return '';
  return ratio >= 2 ? `${short(ratio)} × as long` : `${short(1 / ratio)} × as fast`;
}

const short = (n: number) => (n < 10 ? n.toFixed(1) : Math.round(n).toLocaleString('en'));
