import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { type Condition, type Field, readConditions, withoutPlace } from '../../lib/filter';

export const pageSizes = [20, 50, 100, 500];

/** What a kind of list can be asked for. */
export interface ListKind {
  path: '/payloads' | '/statuses' | '/stalled';
  /** One of them: "payload". */
  noun: string;
  fields: Field[];
  /** Sorts by their names in the address, with what a person calls them; the first is the usual one. */
  sorts: [name: string, label: string][];
  columns: ColumnName[];
}

/** How many rows the address asks for. */
export function sizeOf(search: URLSearchParams): number {
  const size = Number(search.get('size'));
  return pageSizes.includes(size) ? size : (pageSizes[0] ?? 20);
}

export function withSize(search: URLSearchParams, size: string | null): URLSearchParams {
  const next = new URLSearchParams(search);
  if (size === null) next.delete('size');
  else next.set('size', size);
  return next;
}

export interface ColumnName {
  name: string;
  label: string;
  /** Hidden until somebody wants it. */
  optional?: boolean;
}

/** What the address says of a list, and how to change it. */
export interface ListAddress {
  kind: ListKind;
  search: URLSearchParams;
  conditions: Condition[];
  sort: string;
  size: number;
  after: string | null;
  before: string | null;
  /** Names of the columns shown. */
  columns: string[];
  go: (next: URLSearchParams) => void;
  /** Sets entries (null takes one away). All but a move to another page begins at the first page. */
  set: (change: Record<string, string | null>) => void;
}

export function useListAddress(kind: ListKind): ListAddress {
  const [search, setSearch] = useSearchParams();
  return useMemo(() => {
    const go = (next: URLSearchParams) => {
      setSearch(next);
      document.getElementById('content')?.scrollTo(0, 0);
    };
    const usual = kind.columns.filter((column) => !column.optional).map((column) => column.name);
    const wanted = search.get('columns')?.split(',') ?? usual;
    return {
      kind,
      search,
      conditions: readConditions(kind.fields, search),
      sort: (kind.sorts.find(([name]) => name === search.get('sort')) ?? kind.sorts[0] ?? [''])[0],
      size: sizeOf(search),
      after: search.get('after'),
      before: search.get('before'),
      columns: kind.columns.map((column) => column.name).filter((name) => wanted.includes(name)),
      go,
      set(change) {
        const next = withoutPlace(search);
        for (const [name, value] of Object.entries(change)) {
          if (value === null) next.delete(name);
          else next.set(name, value);
        }
        go(next);
      },
    };
  }, [kind, search, setSearch]);
}

/** The page of the list as the API takes it. */
export function pageOf({ size, after, before }: Pick<ListAddress, 'size' | 'after' | 'before'>) {
  return before ? { last: size, before } : { first: size, after };
}

/** "-startedAt" as the API takes it. */
export function orderOf(sort: string): { field: string; direction: 'ASC' | 'DESC' } {
  const name = sort.replace(/^-/, '');
  return {
    field: name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(),
    direction: sort.startsWith('-') ? 'DESC' : 'ASC',
  };
}
