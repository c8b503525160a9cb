import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { ToggleGroup, ToggleGroupItem } from '@patternfly/react-core/dist/esm/components/ToggleGroup';
import SyncAltIcon from '@patternfly/react-icons/dist/esm/icons/sync-alt-icon';
import { graphql } from '../gql';
import type { ListedStatusFragment, StatusesQuery, StatusFilter, StatusOrder } from '../gql/graphql';
import { statusFields, toFilter } from '../lib/filter';
import { once, type Polled, usePolled } from '../lib/polling';
import { knownWords } from '../lib/words';
import { LoadingPage } from '../parts/LoadingPage';
import { type ListAddress, type ListKind, orderOf, pageOf, useListAddress } from '../parts/list/address';
import { Columns } from '../parts/list/Columns';
import { ExportButton } from '../parts/list/ExportButton';
import { FilterBar } from '../parts/list/FilterBar';
import { ListHeading } from '../parts/list/ListHeading';
import { Paging } from '../parts/list/Paging';
import { SortSelect } from '../parts/list/SortSelect';
import { sortingOf } from '../parts/list/sorting';
import { Views } from '../parts/list/Views';
import { Failed, Message, OutOfDate } from '../parts/Message';
import { extraOf, StatusTable, statusColumns } from '../parts/StatusTable';
import { Time } from '../parts/Time';
import { LiveTail } from './statuses/LiveTail';

const statusesQuery = graphql(`
  query Statuses(
    $filter: StatusFilter
    $orderBy: StatusOrder
    $first: Int
    $after: String
    $last: Int
    $before: String
    $since: Boolean!
    $payload: Boolean!
  ) {
    statuses(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
      nodes {
        ...ListedStatus
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

const totalQuery = graphql(`
  query StatusesTotal($filter: StatusFilter) {
    statuses(filter: $filter, first: 0) {
      total {
        value
        exact
      }
    }
  }
`);

const kind: ListKind = {
  path: '/statuses',
  noun: 'status',
  fields: statusFields,
  sorts: [
    ['-date', 'Newest first'],
    ['date', 'Oldest first'],
  ],
  columns: statusColumns,
};

/** Single statuses by any filter of the API: as stored, or live as they are taken in. */
export default function StatusesPage() {
  const list = useListAddress(kind);
  const live = list.search.has('live');
  return (
    <>
      <title>Statuses · Payload Tracker</title>
      {live ? <Live list={list} /> : <Stored list={list} />}
    </>
  );
}

function LiveSwitch({ list, live }: { list: ListAddress; live: boolean }) {
  return (
    <ToggleGroup aria-label="What is shown">
      <ToggleGroupItem text="Stored" isSelected={!live} onChange={() => list.set({ live: null })} />
      <ToggleGroupItem text="Live tail" isSelected={live} onChange={() => list.set({ live: '' })} />
    </ToggleGroup>
  );
}

function Live({ list }: { list: ListAddress }) {
  return (
    <>
      <ListHeading title="Statuses" noun={kind.noun} total={undefined} state="as they are taken in">
        <LiveSwitch list={list} live />
        <Columns list={list} />
      </ListHeading>
      <Views kind={kind} />
      <FilterBar list={list} known={{ status: knownWords }} />
      <LiveTail
        key={JSON.stringify([list.conditions, extraOf(list.columns)])}
        filter={toFilter<StatusFilter>(list.conditions)}
        columns={list.columns}
      />
    </>
  );
}

function Stored({ list }: { list: ListAddress }) {
  const filter = toFilter<StatusFilter>(list.conditions);
  // Built from the sorts above, which the API has.
  const orderBy = orderOf(list.sort) as StatusOrder;
  const polled = usePolled(
    statusesQuery,
    { filter, orderBy, ...extraOf(list.columns), ...pageOf(list) },
    5000,
    once, // rows that move while one reads them are what the live tail is for
  );
  const counted = usePolled(totalQuery, { filter }, 5000, once);
  const total = counted.stale ? undefined : counted.data?.statuses.total;
  const nodes: ListedStatusFragment[] = polled.data?.statuses.nodes ?? [];
  const refresh = () => {
    polled.askAgain();
    counted.askAgain();
  };

  return (
    <>
      <ListHeading title="Statuses" noun={kind.noun} total={total} state={polled.at ? asOf(polled.at) : 'as stored'}>
        <LiveSwitch list={list} live={false} />
        <Button variant="plain" icon={<SyncAltIcon />} aria-label="Refresh" title="Refresh" onClick={refresh} />
        <SortSelect sorts={kind.sorts} sorting={sortingOf(list)} />
        <Columns list={list} />
        <ExportButton list={list} total={total} />
      </ListHeading>
      <Views kind={kind} />
      <FilterBar
        list={list}
        known={{
          service: [...new Set(nodes.map((status) => status.service))].sort(),
          status: [...new Set([...knownWords, ...nodes.map((status) => status.status)])],
        }}
      />
      <OutOfDate error={polled.data && polled.error} at={polled.at} />
      <List polled={polled} list={list} />
    </>
  );
}

const asOf = (at: Date) => (
  <>
    as of <Time at={at.toISOString()} named />
  </>
);

function List({ polled, list }: { polled: Polled<StatusesQuery>; list: ListAddress }) {
  const { data, error, stale, askAgain } = polled;
  if (!data) return error ? <Failed error={error} askAgain={askAgain} /> : <LoadingPage rows={12} />;
  const { nodes, pageInfo } = data.statuses;
  if (nodes.length === 0 && !list.after && !list.before) {
    return list.conditions.length > 0 ? (
      <Message title="No status matches">Take a filter away, or look at the live tail for what comes in.</Message>
    ) : (
      <Message title="No status yet">Once the first event has come in, refresh this page.</Message>
    );
  }
  return (
    <>
      <StatusTable statuses={nodes} label="Statuses" shown={list.columns} sorting={sortingOf(list)} stale={stale} />
      <Paging list={list} pageInfo={pageInfo} />
    </>
  );
}
