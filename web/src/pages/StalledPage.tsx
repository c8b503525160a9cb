import './stalled/stalled.css';
import { graphql } from '../gql';
import type { StalledQuery } from '../gql/graphql';
import { type Condition, stalledFields } from '../lib/filter';
import type { Polled } from '../lib/polling';
import { LoadingPage } from '../parts/LoadingPage';
import { type ListAddress, type ListKind, useListAddress } from '../parts/list/address';
import { ExportButton } from '../parts/list/ExportButton';
import { FilterBar } from '../parts/list/FilterBar';
import { ListHeading } from '../parts/list/ListHeading';
import { Paging } from '../parts/list/Paging';
import { usePayloadList } from '../parts/list/payloadList';
import { SortSelect } from '../parts/list/SortSelect';
import { sortingOf } from '../parts/list/sorting';
import { Failed, Message, OutOfDate } from '../parts/Message';
import { StalledTable } from './stalled/StalledTable';

const stalledQuery = graphql(`
  query Stalled($filter: PayloadFilter, $orderBy: PayloadOrder, $first: Int, $after: String, $last: Int, $before: String) {
    payloads(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
      nodes {
        ...StalledPayload
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`);

const kind: ListKind = {
  path: '/stalled',
  noun: 'payload',
  fields: stalledFields,
  sorts: [
    ['quietSince', 'Quiet for the longest time first'],
    ['-quietSince', 'Quiet for the shortest time first'],
    ['-startedAt', 'Newest started first'],
    ['startedAt', 'Oldest started first'],
  ],
  columns: [],
};

const stalled: Condition = { field: 'verdict', op: 'is', value: 'STALLED' };

/** What hangs now: which service each payload waits for, and for how long. */
export default function StalledPage() {
  const list = useListAddress(kind);
  const conditions = [...list.conditions, stalled];
  const { polled, total, later } = usePayloadList(stalledQuery, list, { conditions, more: {}, countEvery: 5000 });
  const nodes = polled.data?.payloads.nodes ?? [];

  return (
    <>
      <title>Stalled · Payload Tracker</title>
      <ListHeading
        title="Stalled"
        noun={kind.noun}
        total={total}
        state={later ? 'a later page, as it was' : 'nothing heard for longer than it may take, as of now'}
      >
        <SortSelect sorts={kind.sorts} sorting={sortingOf(list)} />
        <ExportButton list={{ ...list, conditions }} total={total} />
      </ListHeading>
      <FilterBar
        list={list}
        known={{ service: [...new Set(nodes.flatMap(({ stages }) => stages.map(({ service }) => service)))].sort() }}
      />
      <OutOfDate error={polled.data && polled.error} at={polled.at} />
      <List polled={polled} list={list} />
    </>
  );
}

function List({ polled, list }: { polled: Polled<StalledQuery>; list: ListAddress }) {
  const { data, error, stale, askAgain } = polled;
  if (!data) return error ? <Failed error={error} askAgain={askAgain} /> : <LoadingPage rows={12} />;
  const { nodes, pageInfo } = data.payloads;
  if (nodes.length === 0 && !list.after && !list.before) {
    return list.conditions.length > 0 ? (
      <Message title="No stalled payload matches">
        Take a filter away, or wait: what stalls and matches appears here.
      </Message>
    ) : (
      <Message title="Nothing hangs" status="success">
        Every payload that is on its way was heard of lately. What stalls appears here by itself.
      </Message>
    );
  }
  return (
    <>
      <StalledTable payloads={nodes} sorting={sortingOf(list)} stale={stale} />
      <Paging list={list} pageInfo={pageInfo} />
    </>
  );
}
