import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { graphql } from '../gql';
import type { ListedStatusFragment } from '../gql/graphql';
import { formatDuration } from '../lib/duration';
import { FailureMessage } from './FailureMessage';
import type { ColumnName } from './list/address';
import { type Sorting, sortProps } from './list/sorting';
import { StatusWord } from './StatusWord';
import { Ago, Time, useLabel } from './Time';
import { ValueLink } from './ValueLink';
import { VerdictLabel } from './VerdictLabel';

graphql(`
  fragment ListedStatus on Status {
    id
    requestId
    service
    source
    status
    message
    date
    takenInAt
    sincePrevious @include(if: $since)
    payload @include(if: $payload) {
      id
      orgId
      account
      verdict {
        state
      }
    }
  }
`);

interface Column extends ColumnName {
  time?: boolean;
  sort?: string;
  className?: string;
  head?: string;
  cell: (status: ListedStatusFragment) => ReactNode;
}

const none = <span className="pt-none">–</span>;

const columns: Column[] = [
  {
    name: 'date',
    label: 'Date',
    time: true,
    sort: 'date',
    cell: (status) => (
      <>
        <Time at={status.date} exactly />
        <Ago at={status.date} />
      </>
    ),
  },
  {
    name: 'taken',
    label: 'Taken in',
    time: true,
    optional: true,
    cell: (status) => <Time at={status.takenInAt} exactly />,
  },
  {
    name: 'since',
    label: 'Since previous',
    optional: true,
    className: 'pt-number',
    cell: (status) => (status.sincePrevious ? `+${formatDuration(status.sincePrevious)}` : none),
  },
  {
    name: 'service',
    label: 'Service',
    className: 'pt-service',
    cell: ({ service, source }) => (
      <>
        <ValueLink list="/statuses" field="service" value={service} what="the service">
          <strong>{service}</strong>
        </ValueLink>
        {source && (
          <span className="pt-source">
            <ValueLink list="/statuses" field="source" value={source} what="the source" />
          </span>
        )}
      </>
    ),
  },
  {
    name: 'status',
    label: 'Status',
    cell: ({ status }) => (
      <ValueLink list="/statuses" field="status" value={status} what="the status">
        <StatusWord status={status} />
      </ValueLink>
    ),
  },
  {
    name: 'message',
    label: 'Message',
    head: 'pt-column-wide',
    cell: ({ message }) => (message ? <FailureMessage message={message} /> : none),
  },
  {
    name: 'request',
    label: 'Payload',
    className: 'pt-id-cell',
    cell: ({ requestId }) => (
      <Link to={`/payloads/${requestId}`} className="pt-mono">
        {requestId}
      </Link>
    ),
  },
  {
    name: 'verdict',
    label: 'Verdict',
    optional: true,
    cell: ({ payload }) => (payload ? <VerdictLabel state={payload.verdict.state} /> : none),
  },
  { name: 'org', label: 'Organisation', optional: true, cell: ({ payload }) => value('orgId', payload?.orgId) },
  { name: 'account', label: 'Account', optional: true, cell: ({ payload }) => value('account', payload?.account) },
];

function value(field: string, found: string | null | undefined): ReactNode {
  return found ? <ValueLink list="/statuses" field={field} value={found} what="the number" /> : none;
}

export const statusColumns: ColumnName[] = columns;

/** What to ask for beyond the status itself, for these columns. */
export const extraOf = (shown: string[]) => ({
  since: shown.includes('since'),
  payload: ['verdict', 'org', 'account'].some((name) => shown.includes(name)),
});

interface StatusTableProps {
  statuses: ListedStatusFragment[];
  label: string;
  shown: string[];
  sorting?: Sorting;
  stale?: boolean;
}

/** Statuses, a row each, whichever payload they belong to. */
export function StatusTable({ statuses, label, shown, sorting, stale = false }: StatusTableProps) {
  const labelOf = useLabel();
  const visible = columns.filter((column) => shown.includes(column.name));
  return (
    <div className="pt-scroll">
      <Table
        aria-label={label}
        variant="compact"
        gridBreakPoint="grid-lg"
        className={stale ? 'pt-table pt-stale' : 'pt-table'}
      >
        <Thead>
          <Tr>
            {visible.map((column) => (
              <Th key={column.name} modifier="nowrap" className={column.head} sort={sortProps(sorting, column.sort)}>
                {labelOf(column)}
              </Th>
            ))}
          </Tr>
        </Thead>
        <Tbody>
          {statuses.map((status) => (
            <Tr key={status.id}>
              {visible.map((column) => (
                <Td key={column.name} dataLabel={labelOf(column)} className={column.className}>
                  {column.cell(status)}
                </Td>
              ))}
            </Tr>
          ))}
        </Tbody>
      </Table>
    </div>
  );
}
