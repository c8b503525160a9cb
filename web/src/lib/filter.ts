import { formatMilliseconds, parseDuration } from './duration';
import { formatTime } from './time';
import type { Zone } from './zone';

/** What is asked of one field. Each is an entry of the address, and a chip on the page. */
export interface Condition {
  field: string;
  op: Op;
  value: string;
}

export type Op = 'is' | 'not' | 'has' | 'since' | 'from' | 'to' | 'gte' | 'lt';

export type Kind = 'word' | 'id' | 'text' | 'verdict' | 'window' | 'duration';

/** A field of the API's filter, by its name there. */
export interface Field {
  name: string;
  label: string;
  kind: Kind;
  hint?: string;
  /** What can be asked of it, where that is less than of others of its kind. */
  ops?: Op[];
}

const operations: Record<Kind, Op[]> = {
  word: ['is', 'not'],
  id: ['is', 'not'],
  text: ['has', 'is', 'not'],
  verdict: ['is', 'not'],
  window: ['since', 'from', 'to'],
  duration: ['gte', 'lt'],
};

export const operationsOf = (field: Field): Op[] => field.ops ?? operations[field.kind];

const requestId: Field = { name: 'requestId', label: 'Request', kind: 'id', hint: '32 hex digits' };
const org: Field = { name: 'orgId', label: 'Organisation', kind: 'word' };
const account: Field = { name: 'account', label: 'Account', kind: 'word' };
const service: Field = { name: 'service', label: 'Service', kind: 'word', hint: 'e.g. puptoo' };
const source: Field = { name: 'source', label: 'Source', kind: 'word' };
const status: Field = { name: 'status', label: 'Status', kind: 'word', hint: 'e.g. error' };

const fingerprint: Field = {
  name: 'fingerprint',
  label: 'Kind of failure',
  kind: 'word',
  hint: 'e.g. v1:62eeb2f1c7f3815',
};
const inventoryId: Field = { name: 'inventoryId', label: 'Inventory id', kind: 'word' };
const systemId: Field = { name: 'systemId', label: 'System id', kind: 'word' };
const startedAt: Field = { name: 'startedAt', label: 'Started', kind: 'window' };
const duration: Field = { name: 'duration', label: 'Duration', kind: 'duration', hint: 'e.g. 90 s, 5 min' };

export const payloadFields: Field[] = [
  { name: 'verdict', label: 'Verdict', kind: 'verdict' },
  { name: 'failedService', label: 'Failed in', kind: 'word', hint: 'e.g. puptoo' },
  { name: 'failureMessage', label: 'Reason', kind: 'text', hint: 'Part of the reason' },
  fingerprint,
  org,
  account,
  requestId,
  inventoryId,
  systemId,
  service,
  source,
  status,
  startedAt,
  { name: 'failedAt', label: 'Failed', kind: 'window' },
  duration,
];

/** What stalled payloads can be asked by: they have not failed. */
export const stalledFields: Field[] = [
  service,
  source,
  status,
  org,
  account,
  requestId,
  inventoryId,
  systemId,
  startedAt,
  duration,
];

export const statusFields: Field[] = [
  service,
  source,
  status,
  { name: 'message', label: 'Message', kind: 'text', hint: 'Part of the message' },
  org,
  account,
  requestId,
  { name: 'date', label: 'Date', kind: 'window' },
];

/** What numbers over many payloads can be asked by: they are kept by organisation. */
export const numbersFields: Field[] = [{ ...org, ops: ['is'] }, service, source];

/** What failures can be asked by. */
export const failureFields: Field[] = [service, source, { ...org, ops: ['is'] }, { ...fingerprint, ops: ['is'] }];

/** What the slowest payloads can be asked by, one value each. */
export const slowestFields: Field[] = [
  { ...service, ops: ['is'] },
  { ...org, ops: ['is'] },
];

/** Payloads flow from service to service, whatever the source. */
export const flowFields: Field[] = [{ ...org, ops: ['is'] }, service];

const keyOf = (field: string, op: Op) => (op === 'is' ? field : `${field}.${op}`);

/** The conditions that an address states, in the order of the fields. Entries that are no fields are others' affair. */
export function readConditions(fields: Field[], search: URLSearchParams): Condition[] {
  return fields.flatMap((field) =>
    operationsOf(field).flatMap((op) =>
      search.getAll(keyOf(field.name, op)).map((value) => ({ field: field.name, op, value })),
    ),
  );
}

const takesMany = (op: Op) => op === 'is' || op === 'not';

/** The address with one condition more. One value of a field is wanted or excluded, a stretch of time is said in one way. */
export function withCondition(search: URLSearchParams, { field, op, value }: Condition): URLSearchParams {
  const next = withoutPlace(search);
  const key = keyOf(field, op);
  if (takesMany(op)) {
    next.delete(keyOf(field, op === 'is' ? 'not' : 'is'), value);
    if (!next.has(key, value)) next.append(key, value);
    return next;
  }
  if (op === 'since') for (const other of ['from', 'to'] as const) next.delete(keyOf(field, other));
  if (op === 'from' || op === 'to') next.delete(keyOf(field, 'since'));
  next.set(key, value);
  return next;
}

/** The address with one value at most of these fields, the one that came last: the API takes no more of them. */
export function withOneEach(names: string[], search: URLSearchParams): URLSearchParams {
  const next = new URLSearchParams(search);
  for (const name of names) {
    const last = next.getAll(name).at(-1);
    if (last !== undefined) next.set(name, last);
  }
  return next;
}

export function withoutCondition(search: URLSearchParams, { field, op, value }: Condition): URLSearchParams {
  const next = withoutPlace(search);
  next.delete(keyOf(field, op), value);
  return next;
}

/** The address without any condition; how the list looks stays. */
export function withoutConditions(fields: Field[], search: URLSearchParams): URLSearchParams {
  const next = withoutPlace(search);
  for (const condition of readConditions(fields, search)) next.delete(keyOf(condition.field, condition.op));
  return next;
}

/** A page's cursor belongs to one filter and one order: another list begins at its first page. */
export function withoutPlace(search: URLSearchParams): URLSearchParams {
  const next = new URLSearchParams(search);
  next.delete('after');
  next.delete('before');
  return next;
}

const apiNames: Record<Op, string> = {
  is: 'in',
  not: 'notIn',
  has: 'contains',
  since: 'since',
  from: 'from',
  to: 'to',
  gte: 'gte',
  lt: 'lt',
};

/** A list's address with these conditions and no others. */
export function addressOf(list: '/payloads' | '/statuses', conditions: Condition[]): string {
  const search = conditions.reduce(withCondition, new URLSearchParams());
  return search.size > 0 ? `${list}?${search}` : list;
}

/** The conditions as the API's filter; null for none. */
export function toFilter<Filter>(conditions: Condition[]): Filter | null {
  if (conditions.length === 0) return null;
  const filter: Record<string, Record<string, string | string[]>> = {};
  for (const { field, op, value } of conditions) {
    filter[field] ??= {};
    const asked = filter[field];
    const name = apiNames[op];
    if (!takesMany(op)) asked[name] = value;
    else asked[name] = [...(asked[name] ?? []), value];
  }
  // Built from the fields above, which the API has; what a value may be, it says itself.
  return filter as Filter;
}

export const operationNames: Record<Op, string> = {
  is: 'is',
  not: 'is not',
  has: 'contains',
  since: 'within the last',
  from: 'from',
  to: 'before',
  gte: 'at least',
  lt: 'shorter than',
};

export const verdictNames: Record<string, string> = {
  FAILED: 'Failed',
  STALLED: 'Stalled',
  IN_PROGRESS: 'In progress',
  SUCCEEDED: 'Succeeded',
};

/** A condition in words: "Service: puptoo", "Service: not puptoo", "Started: within the last 24 h". */
export function describeCondition(field: Field, { op, value }: Condition, zone: Zone): string {
  const words = op === 'is' ? '' : op === 'not' ? 'not ' : `${operationNames[op]} `;
  return `${field.label}: ${words}${describeValue(field, op, value, zone)}`;
}

function describeValue(field: Field, op: Op, value: string, zone: Zone): string {
  if (value === '') return 'empty';
  if (field.kind === 'verdict') return verdictNames[value] ?? value;
  if (op === 'since' || field.kind === 'duration') {
    const ms = parseDuration(value);
    return ms === null ? value : formatMilliseconds(ms);
  }
  if (op === 'from' || op === 'to') return `${formatTime(value, zone)}${zone === 'utc' ? ' UTC' : ''}`;
  return value;
}
