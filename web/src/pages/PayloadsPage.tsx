import { Link } from 'react-router';
import { graphql } from '../gql';
import type { PayloadsQuery } from '../gql/graphql';
import { payloadFields } from '../lib/filter';
import type { Polled } from '../lib/polling';
import { LoadingPage } from '../parts/LoadingPage';
import { type ListAddress, type ListKind, useListAddress } from '../parts/list/address';
import { Columns } from '../parts/list/Columns';
import { ExportButton } from '../parts/list/ExportButton';
import { FilterBar } from '../parts/list/FilterBar';
import { ListHeading } from '../parts/list/ListHeading';
import { Paging } from '../parts/list/Paging';
import { usePayloadList } from '../parts/list/payloadList';
import { SortSelect } from '../parts/list/SortSelect';
import { sortingOf } from '../parts/list/sorting';
import { Views } from '../parts/list/Views';
import { Failed, Message, OutOfDate } from '../parts/Message';
import { PayloadTable, payloadColumns } from '../parts/PayloadTable';

const payloadsQuery = graphql(`
  query Payloads(
    $filter: PayloadFilter
    $orderBy: PayloadOrder
    $first: Int
    $after: String
    $last: Int
    $before: String
    $reason: Boolean!
  ) {
    payloads(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
      nodes {
        ...ListedPayload
        verdict {
          failure {
            message @include(if: $reason)
          }
        }
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
  path: '/payloads',
  noun: 'payload',
  fields: payloadFields,
  sorts: [
    ['-startedAt', 'Newest started first'],
    ['startedAt', 'Oldest started first'],
    ['-failedAt', 'Newest failed first'],
    ['failedAt', 'Oldest failed first'],
    ['-quietSince', 'Quiet for the shortest time first'],
    ['quietSince', 'Quiet for the longest time first'],
  ],
  columns: payloadColumns,
};

/** Payloads by any filter of the API and what became of each; the first page follows what comes in. */
export default function PayloadsPage() {
  const list = useListAddress(kind);
  const { polled, total, later } = usePayloadList(payloadsQuery, list, {
    conditions: list.conditions,
    more: { reason: list.columns.includes('reason') },
    countEvery: 30_000,
  });
  const nodes = polled.data?.payloads.nodes ?? [];

  return (
    <>
      <title>Payloads · Payload Tracker</title>
      <ListHeading
        title="Payloads"
        noun={kind.noun}
        total={total}
        state={later ? 'a later page, as it was' : 'new ones come in by themselves'}
      >
        <SortSelect sorts={kind.sorts} sorting={sortingOf(list)} />
        <Columns list={list} />
        <ExportButton list={list} total={total} />
      </ListHeading>
      <Views kind={kind} />
      <FilterBar
        list={list}
        known={{
          orgId: distinct(nodes.map((payload) => payload.orgId)),
          failedService: distinct(nodes.map((payload) => payload.verdict.failure?.service)),
        }}
      />
      <OutOfDate error={polled.data && polled.error} at={polled.at} />
      <List polled={polled} list={list} />
    </>
  );
}

const distinct = (values: (string | null | undefined)[]) =>
  [...new Set(values.filter((value) => value != null))].sort();

function List({ polled, list }: { polled: Polled<PayloadsQuery>; list: ListAddress }) {
  const { data, error, stale, askAgain } = polled;
  if (!data) return error ? <Failed error={error} askAgain={askAgain} /> : <LoadingPage rows={12} />;
  const { nodes, pageInfo } = data.payloads;
  if (nodes.length === 0 && !list.after && !list.before) {
    const kind = list.conditions.find(({ field }) => field === 'fingerprint')?.value;
    if (kind) return <NotTheReason kind={kind} />;
    return list.conditions.length > 0 ? (
      <Message title="No payload matches">Take a filter away, or wait: what comes in and matches appears here.</Message>
    ) : (
      <Message title="No payload yet">The first status event that comes in appears here by itself.</Message>
    );
  }
  return (
    <>
      <PayloadTable payloads={nodes} label="Payloads" shown={list.columns} sorting={sortingOf(list)} stale={stale} />
      <Paging list={list} pageInfo={pageInfo} />
    </>
  );
}

/** A failure that follows another one in the same payload is not its reason; the list goes by reasons. */
function NotTheReason({ kind }: { kind: string }) {
  return (
    <Message
      title="No payload has this as its reason"
      action={<Link to={`/failures?fingerprint=${encodeURIComponent(kind)}`}>This kind of failure</Link>}
    >
      The reason of a payload is its first failure. This one may only have followed others, or it is of another time:
      the kind of failure names some of its payloads.
    </Message>
  );
}
