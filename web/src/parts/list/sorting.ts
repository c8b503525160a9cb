import type { ThProps } from '@patternfly/react-table/dist/esm/components/Table';
import type { ListAddress } from './address';

export interface Sorting {
  sort: string;
  change: (sort: string) => void;
}

export function sortingOf(list: ListAddress): Sorting {
  const usual = list.kind.sorts[0]?.[0];
  return { sort: list.sort, change: (sort) => list.set({ sort: sort === usual ? null : sort }) };
}

/** What makes a column's head sort by it; nothing for a column that the API does not sort by. */
export function sortProps(sorting: Sorting | undefined, by: string | undefined): ThProps['sort'] {
  if (!sorting || !by) return undefined;
  const current = sorting.sort.replace(/^-/, '') === by;
  return {
    columnIndex: 0,
    sortBy: current ? { index: 0, direction: sorting.sort.startsWith('-') ? 'desc' : 'asc' } : {},
    onSort: () => sorting.change(sorting.sort === `-${by}` ? by : `-${by}`),
  };
}
