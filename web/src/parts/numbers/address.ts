import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { type Condition, type Field, readConditions } from '../../lib/filter';
import { readStretch, type Stretch, withStretch } from '../../lib/window';
import type { Filtered } from '../list/FilterBar';
import type { Sorting } from '../list/sorting';

/** What the address says of a page of numbers, and how to change it. */
export interface NumbersAddress extends Filtered {
  stretch: Stretch;
  conditions: Condition[];
  sorting: Sorting;
  /** The service that is looked at closely. */
  open: string | null;
  choose: (stretch: Stretch) => void;
  /** Sets an entry of the address; null takes it away. */
  set: (name: string, value: string | null) => void;
  /** The address of this page with that service opened, or none. */
  opening: (service: string | null) => string;
}

/** usualSort is the order where the address names none. */
export function useNumbersAddress(fields: Field[], usualSort: string): NumbersAddress {
  const [search, setSearch] = useSearchParams();
  return useMemo(() => {
    const go = (next: URLSearchParams) => setSearch(next);
    return {
      kind: { fields },
      search,
      go,
      conditions: readConditions(fields, search),
      stretch: readStretch(search),
      choose: (stretch) => go(withStretch(search, stretch)),
      sorting: {
        sort: search.get('sort') ?? usualSort,
        change: (sort) => go(withEntry(search, 'sort', sort === usualSort ? null : sort)),
      },
      open: search.get('open'),
      set: (name, value) => go(withEntry(search, name, value)),
      opening: (service) => `?${withEntry(search, 'open', service)}`,
    };
  }, [fields, usualSort, search, setSearch]);
}

function withEntry(search: URLSearchParams, name: string, value: string | null): URLSearchParams {
  const next = new URLSearchParams(search);
  if (value === null) next.delete(name);
  else next.set(name, value);
  return next;
}
