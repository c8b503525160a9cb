import type { FailureFilter } from '../gql/graphql';
import { describeStep, endOfSteps } from './chart';
import { type Condition, toFilter } from './filter';
import { formatCount } from './numbers';
import type { Zone } from './zone';

/** The conditions as the API takes them of failures: one kind by its name, all else as elsewhere. */
export function toFailureFilter(conditions: Condition[]): FailureFilter | null {
  const kind = conditions.find(({ field }) => field === 'fingerprint');
  const filter = toFilter<FailureFilter>(conditions.filter((condition) => condition !== kind));
  return kind ? { ...filter, fingerprint: kind.value } : filter;
}

/** One step of how often something failed, as the API gives it. */
export interface FailurePoint {
  at: string;
  count: number;
}

/** What a picture of the steps shows, in words: "most: 12, 2026-11-25 14:00–15:00 UTC; last: 3, …". */
export function describeTrend(points: FailurePoint[], zone: Zone): string {
  const most = points.reduce<FailurePoint | undefined>((a, b) => (a && a.count >= b.count ? a : b), undefined);
  const last = points.at(-1);
  if (!most || !last) return 'nothing';
  const end = endOfSteps(points);
  const say = (point: FailurePoint) => {
    const next = points[points.indexOf(point) + 1];
    const when = describeStep(Date.parse(point.at), next ? Date.parse(next.at) : end, zone);
    return `${formatCount(point.count)}, ${when} ${zone === 'utc' ? 'UTC' : 'local time'}`;
  };
  return `most: ${say(most)}; last: ${say(last)}`;
}
