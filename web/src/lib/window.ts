import { parseDuration } from './duration';
import type { Condition } from './filter';

/** Which time numbers are of, as the address says it and the API takes it: the last so long, or from a moment on. */
export interface Stretch {
  since: string | null;
  from: string | null;
  to: string | null;
}

/** What one usually looks at. */
export const stretches: [since: string, label: string][] = [
  ['PT1H', '1 hour'],
  ['P1D', '24 hours'],
  ['P7D', '7 days'],
  ['P30D', '30 days'],
];

const usual = 'P1D';

/** A day where the address says nothing. */
export function readStretch(search: URLSearchParams): Stretch {
  const [from, to] = [search.get('from'), search.get('to')];
  if (from || to) return { since: null, from, to };
  return { since: search.get('since') ?? usual, from: null, to: null };
}

/** The address of the same page for another time. */
export function withStretch(search: URLSearchParams, { since, from, to }: Stretch): URLSearchParams {
  const next = new URLSearchParams(search);
  for (const name of ['since', 'from', 'to']) next.delete(name);
  if (since && since !== usual) next.set('since', since);
  if (from) next.set('from', from);
  if (to) next.set('to', to);
  return next;
}

/** The stretch as the API's window: what is not said is left out. */
export function toWindow({ since, from, to }: Stretch): { since?: string; from?: string; to?: string } {
  if (since) return { since };
  return { ...(from && { from }), ...(to && { to }) };
}

/** Whether time alone changes what it holds. */
export function isOpen({ to }: Stretch, now = Date.now()): boolean {
  return to === null || Date.parse(to) > now;
}

/** How long it is, in milliseconds; null where it says nothing that could be reckoned. */
export function lengthOf({ since, from, to }: Stretch, now = Date.now()): number | null {
  if (since) return parseDuration(since);
  const length = (to ? Date.parse(to) : now) - Date.parse(from ?? '');
  return Number.isNaN(length) || length <= 0 ? null : length;
}

/** The stretch as a condition on a time of a list: what was counted, one by one. */
export function asConditions(field: string, { since, from, to }: Stretch): Condition[] {
  const all: Condition[] = [];
  if (since) all.push({ field, op: 'since', value: since });
  if (from) all.push({ field, op: 'from', value: from });
  if (to) all.push({ field, op: 'to', value: to });
  return all;
}
