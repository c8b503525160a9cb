import './stalled/stalled.css';
import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { graphql } from '../gql';
import type { PayloadFilter, PayloadOrder, StalledQuery } from '../gql/graphql';
import { type Condition, stalledFields, toFilter } from '../lib/filter';
import { always, once, type Polled, usePolled } from '../lib/polling';
import { LoadingPage } from '../parts/LoadingPage';
import { type ListAddress, type ListKind, orderOf, pageOf, useListAddress } from '../parts/list/address';
import { ExportButton } from '../parts/list/ExportButton';
import { FilterBar } from '../parts/list/FilterBar';
import { Paging } from '../parts/list/Paging';
import { payloadsTotal } from '../parts/list/payloadsTotal';
import { SortSelect } from '../parts/list/SortSelect';
import { sortingOf } from '../parts/list/sorting';
import { Total } from '../parts/list/Total';
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
  const { after, before } = list;
  const conditions = [...list.conditions, stalled];
  const filter = toFilter<PayloadFilter>(conditions);
  // Built from the sorts above, which the API has.
  const orderBy = orderOf(list.sort) as PayloadOrder;
  const polled = usePolled(
    stalledQuery,
    { filter, orderBy, ...pageOf(list) },
    5000,
    // A page behind the first stands still: its cursor says which moment it shows.
    after || before ? once : always,
  );
  const total = usePolled(payloadsTotal, { filter }, 5000, always);
  const nodes = polled.data?.payloads.nodes ?? [];

  return (
    <>
      <title>Stalled · Payload Tracker</title>
      <div className="pt-heading">
        <div>
          <Title headingLevel="h1">Stalled</Title>
          <p className="pt-subtle" aria-live="polite">
            {!total.stale && total.data && (
              <>
                <Total total={total.data.payloads.total} noun="payload" /> ·{' '}
              </>
            )}
            {after || before ? 'a later page, as it was' : 'nothing heard for longer than it may take, as of now'}
          </p>
        </div>
        <div className="pt-actions">
          <SortSelect sorts={kind.sorts} sorting={sortingOf(list)} />
          <ExportButton list={{ ...list, conditions }} total={total.data?.payloads.total} />
        </div>
      </div>
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
