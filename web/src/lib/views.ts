import { stored } from './stored';
import { knownWords } from './words';

/** A list as somebody likes to see it: its address below this host. */
export interface View {
  name: string;
  address: string;
}

export const builtInViews: View[] = [
  {
    name: 'Failures',
    address: '/payloads?verdict=FAILED&startedAt.since=P1D&sort=-failedAt&columns=verdict,payload,org,failed,duration',
  },
  { name: 'Stalled', address: '/payloads?verdict=STALLED&sort=quietSince&columns=verdict,payload,org,quiet,duration' },
  { name: 'Slowest', address: '/slowest' },
  {
    name: 'Unknown statuses',
    address: `/statuses?${knownWords.map((word) => `status.not=${word}`).join('&')}&date.since=P1D`,
  },
];

/** The views of this browser's user. */
export const ownViews = stored<View[]>('pt.views', (kept) => (Array.isArray(kept) ? kept.filter(isView) : []));

function isView(kept: unknown): kept is View {
  const { name, address } = (kept ?? {}) as Partial<View>;
  // An address of this page alone: what stands in the storage is followed by a click.
  return (
    typeof name === 'string' && typeof address === 'string' && /^\/(payloads|statuses|slowest)(\?|$)/.test(address)
  );
}

/** A view of that name takes the place of an older one. */
export function saveView(view: View): void {
  ownViews.set([...ownViews.get().filter((old) => old.name !== view.name), view]);
}

export function removeView(name: string): void {
  ownViews.set(ownViews.get().filter((view) => view.name !== name));
}

/** Two addresses show the same list, whatever the order of their entries and the page they stand on. */
export function sameList(a: string, b: string): boolean {
  return normal(a) === normal(b);
}

function normal(address: string): string {
  const [path = '', query = ''] = address.split('?');
  const search = [...new URLSearchParams(query)].filter(([name]) => name !== 'after' && name !== 'before');
  return `${path}?${search
    .map((entry) => entry.join('='))
    .sort()
    .join('&')}`;
}
