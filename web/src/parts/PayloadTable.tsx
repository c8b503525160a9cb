import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { graphql } from '../gql';
import type { ListedPayloadFragment } from '../gql/graphql';
import { formatDuration } from '../lib/duration';
import { asSentence } from '../lib/sentence';
import { FailureMessage } from './FailureMessage';
import { Identifier } from './Identifier';
import type { ColumnName } from './list/address';
import { type Sorting, sortProps } from './list/sorting';
import { Ago, Time, useLabel } from './Time';
import { ValueLink } from './ValueLink';
import { VerdictLabel } from './VerdictLabel';

graphql(`
  fragment ListedPayload on Payload {
    id
    requestId
    orgId
    account
    inventoryId
    systemId
    startedAt
    updatedAt
    duration
    verdict {
      state
      sentence
      servicesPassed
      quietSince
      failure {
        service
        source
        at
      }
    }
  }
`);

type Listed = ListedPayloadFragment & { verdict: { failure?: { message?: string | null } | null } };

interface Column extends ColumnName {
  /** A time: its zone is said in the head. */
  time?: boolean;
  sort?: string;
  className?: string;
  head?: string;
  cell: (payload: Listed) => ReactNode;
}

const none = <span className="pt-none">–</span>;

function value(field: string, what: string, of: (payload: Listed) => string | null | undefined) {
  return (payload: Listed) => {
    const found = of(payload);
    return found ? <ValueLink list="/payloads" field={field} value={found} what={what} /> : none;
  };
}

const columns: Column[] = [
  {
    name: 'verdict',
    label: 'Verdict',
    className: 'pt-plain-cell',
    cell: ({ verdict }) => (
      <ValueLink list="/payloads" field="verdict" value={verdict.state} what="the verdict">
        <VerdictLabel state={verdict.state} />
      </ValueLink>
    ),
  },
  {
    name: 'payload',
    label: 'Payload',
    className: 'pt-plain-cell',
    head: 'pt-column-wide',
    cell: ({ requestId, verdict }) => (
      <>
        <Link to={`/payloads/${requestId}`} className="pt-sentence">
          {asSentence(verdict.sentence)}
        </Link>
        <span className="pt-request">
          <Identifier value={requestId} what="request id" />
        </span>
      </>
    ),
  },
  {
    name: 'reason',
    label: 'Whole reason',
    optional: true,
    head: 'pt-column-wide',
    cell: ({ verdict: { failure } }) =>
      failure ? (
        <>
          <ValueLink list="/payloads" field="failedService" value={failure.service} what="a failure in" />
          <FailureMessage message={failure.message} />
        </>
      ) : (
        none
      ),
  },
  { name: 'org', label: 'Organisation', cell: value('orgId', 'the organisation', (p) => p.orgId) },
  { name: 'account', label: 'Account', optional: true, cell: value('account', 'the account', (p) => p.account) },
  {
    name: 'inventory',
    label: 'Inventory id',
    optional: true,
    className: 'pt-id-cell',
    cell: value('inventoryId', 'the inventory id', (p) => p.inventoryId),
  },
  {
    name: 'system',
    label: 'System id',
    optional: true,
    className: 'pt-id-cell',
    cell: value('systemId', 'the system id', (p) => p.systemId),
  },
  { name: 'started', label: 'Started', time: true, sort: 'startedAt', cell: (p) => moment(p.startedAt) },
  { name: 'updated', label: 'Newest event', time: true, optional: true, cell: (p) => moment(p.updatedAt) },
  {
    name: 'failed',
    label: 'Failed',
    time: true,
    optional: true,
    sort: 'failedAt',
    cell: (p) => moment(p.verdict.failure?.at),
  },
  {
    name: 'quiet',
    label: 'Quiet since',
    time: true,
    optional: true,
    sort: 'quietSince',
    cell: (p) => moment(p.verdict.quietSince),
  },
  { name: 'duration', label: 'Duration', className: 'pt-number', cell: (p) => formatDuration(p.duration) },
  {
    name: 'passed',
    label: 'Services passed',
    optional: true,
    className: 'pt-number',
    cell: (p) => p.verdict.servicesPassed,
  },
];

function moment(at: string | null | undefined): ReactNode {
  if (!at) return none;
  return (
    <>
      <Time at={at} />
      <Ago at={at} />
    </>
  );
}

export const payloadColumns: ColumnName[] = columns;

interface PayloadTableProps {
  payloads: Listed[];
  label: string;
  /** Names of the columns shown; the usual ones when absent. */
  shown?: string[];
  sorting?: Sorting;
  stale?: boolean;
}

/** Payloads, a row each: the verdict and its sentence first, since that is what one looks for. */
export function PayloadTable({ payloads, label, shown, sorting, stale = false }: PayloadTableProps) {
  const labelOf = useLabel();
  const visible = columns.filter((column) => (shown ? shown.includes(column.name) : !column.optional));
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
          {payloads.map((payload) => (
            <Tr key={payload.id}>
              {visible.map((column) => (
                <Td key={column.name} dataLabel={labelOf(column)} className={column.className}>
                  {column.cell(payload)}
                </Td>
              ))}
            </Tr>
          ))}
        </Tbody>
      </Table>
    </div>
  );
}
