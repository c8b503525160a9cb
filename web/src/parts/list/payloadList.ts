import type { TypedDocumentNode } from 'urql';
import { graphql } from '../../gql';
import type { PayloadFilter, PayloadOrder } from '../../gql/graphql';
import { type Condition, toFilter } from '../../lib/filter';
import { always, once, type Polled, usePolled } from '../../lib/polling';
import { type ListAddress, orderOf, pageOf } from './address';

const totalQuery = graphql(`
  query PayloadsTotal($filter: PayloadFilter) {
    payloads(filter: $filter, first: 0) {
      total {
        value
        exact
      }
    }
  }
`);

interface Question {
  filter: PayloadFilter | null;
  orderBy: PayloadOrder;
}

interface Wanted<More> {
  conditions: Condition[];
  /** What the query takes beside filter, order and page. */
  more: More;
  /** How often all are counted anew, in milliseconds: of a wide filter that is the dearest part. */
  countEvery: number;
}

interface PayloadList<Data> {
  polled: Polled<Data>;
  /** How many payloads the filter has; undefined while that is not known. */
  total: { value: number; exact: boolean } | undefined;
  /** It is a page behind the first, which stands still: its cursor says which moment it shows. */
  later: boolean;
}

/** The page of payloads that the address names, under the conditions wanted, and how many there are; the first page follows what comes in. */
export function usePayloadList<Data, More extends object>(
  query: TypedDocumentNode<Data, Question & More>,
  list: ListAddress,
  { conditions, more, countEvery }: Wanted<More>,
): PayloadList<Data> {
  const later = list.after !== null || list.before !== null;
  const filter = toFilter<PayloadFilter>(conditions);
  // Built from the sorts of the list, which the API has.
  const orderBy = orderOf(list.sort) as PayloadOrder;
  const polled = usePolled(query, { filter, orderBy, ...more, ...pageOf(list) }, 5000, later ? once : always);
  const total = usePolled(totalQuery, { filter }, countEvery, always);
  return { polled, total: total.stale ? undefined : total.data?.payloads.total, later };
}
