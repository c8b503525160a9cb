import { Label } from '@patternfly/react-core/dist/esm/components/Label';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { addressOf, type Condition } from '../../lib/filter';
import { formatCount, formatShare } from '../../lib/numbers';
import { sortedBy, type Value } from '../../lib/sorted';
import { useNow } from '../../lib/ticker';
import { formatAgo } from '../../lib/time';
import { asConditions } from '../../lib/window';
import { type Sorting, sortProps } from '../../parts/list/sorting';
import type { NumbersAddress } from '../../parts/numbers/address';
import { Time, useLabel } from '../../parts/Time';
import { ValueLink } from '../../parts/ValueLink';
import type { FailureGroup } from './query';
import { Trend } from './Trend';

export const failureSorts: [name: string, label: string][] = [
  ['-total', 'Most failed first'],
  ['total', 'Fewest failed first'],
  ['-open', 'Most still failing first'],
  ['open', 'Fewest still failing first'],
  ['-share', 'Greatest share first'],
  ['share', 'Smallest share first'],
  ['-orgs', 'Most organisations first'],
  ['orgs', 'Fewest organisations first'],
  ['-new', 'New kinds first'],
  ['-firstSeen', 'First seen, newest first'],
  ['firstSeen', 'First seen, oldest first'],
  ['-lastSeen', 'Last seen, newest first'],
  ['lastSeen', 'Last seen, oldest first'],
];

interface Column {
  name: string;
  label: string;
  time?: boolean;
  value?: Value<FailureGroup>;
  className?: string;
  head?: string;
  cell: (group: FailureGroup, address: NumbersAddress) => ReactNode;
}

const columns: Column[] = [
  {
    name: 'failure',
    label: 'Failure',
    className: 'pt-plain-cell',
    head: 'pt-column-wide',
    cell: (group, address) => <Failure group={group} to={payloadsOf(group, address)} />,
  },
  { name: 'trend', label: 'Trend', cell: ({ trend }) => <Trend points={trend} /> },
  {
    name: 'total',
    label: 'Failed',
    value: (group) => group.total,
    cell: (group, address) => (
      <>
        <span className="pt-number">{formatCount(group.total)}</span>
        <Open group={group} to={payloadsOf(group, address)} />
      </>
    ),
  },
  {
    name: 'share',
    label: 'Share',
    value: (group) => group.share,
    className: 'pt-number',
    cell: ({ share }) => (share == null ? <span className="pt-none">–</span> : formatShare(share)),
  },
  {
    name: 'orgs',
    label: 'Orgs',
    value: (group) => group.orgs,
    className: 'pt-number',
    cell: ({ orgs }) => formatCount(orgs),
  },
  {
    name: 'firstSeen',
    label: 'First seen',
    time: true,
    value: (group) => Date.parse(group.firstSeen),
    cell: ({ firstSeen }) => <Moment at={firstSeen} />,
  },
  {
    name: 'lastSeen',
    label: 'Last seen',
    time: true,
    value: (group) => Date.parse(group.lastSeen),
    cell: ({ lastSeen }) => <Moment at={lastSeen} />,
  },
];

/** The payloads that fail with it now, in the list. */
function payloadsOf({ fingerprint }: FailureGroup, { stretch, conditions }: NumbersAddress): string {
  const kind: Condition = { field: 'fingerprint', op: 'is', value: fingerprint };
  const orgs = conditions.filter(({ field }) => field === 'orgId');
  const list = addressOf('/payloads', [kind, ...orgs, ...asConditions('failedAt', stretch)]);
  return `${list}&sort=-failedAt&columns=verdict,payload,org,failed,duration`;
}

function Failure({ group, to }: { group: FailureGroup; to: string }) {
  const { service, source, sample, isNew, payloads } = group;
  return (
    <>
      <Link to={to} className="pt-sentence pt-failure-sample" title={sample ?? undefined}>
        {sample ?? 'No reason known'}
      </Link>
      <span className="pt-failure-place">
        {isNew && (
          <Label isCompact color="purple" title="Not seen in the time before, of the same length">
            New
          </Label>
        )}
        <ValueLink list="/failures" field="service" value={service} what="the service">
          <strong>{service}</strong>
        </ValueLink>
        {source && <ValueLink list="/failures" field="source" value={source} what="the source" />}
        {payloads.nodes.length > 0 && <span>e.g.</span>}
        {payloads.nodes.map(({ id, requestId }) => (
          <Link key={id} to={`/payloads/${requestId}`} className="pt-value pt-mono" title={`Payload ${requestId}`}>
            {requestId.slice(0, 8)}
          </Link>
        ))}
      </span>
    </>
  );
}

function Open({ group: { open }, to }: { group: FailureGroup; to: string }) {
  if (open === 0) return <span className="pt-second-line">none still</span>;
  return (
    <span className="pt-second-line">
      <Link to={to} className="pt-value pt-number" title="The payloads that fail with it now">
        {formatCount(open)} still {open === 1 ? 'fails' : 'fail'}
      </Link>
    </span>
  );
}

/** How long ago, which ticks, and below it when. */
function Moment({ at }: { at: string }) {
  const now = useNow();
  return (
    <>
      <span className="pt-time">{formatAgo(at, now)}</span>
      <span className="pt-second-line">
        <Time at={at} />
      </span>
    </>
  );
}

/** What is sorted by, and has no column of its own. */
const unseen: Record<string, Value<FailureGroup>> = {
  open: ({ open }) => open,
  new: ({ isNew }) => Number(isNew),
};

/** In the order of the address; of equal ones the most frequent first, as the API gives them. */
export function sortGroups(groups: FailureGroup[], sort: string): FailureGroup[] {
  const name = sort.replace(/^-/, '');
  const value = unseen[name] ?? columns.find((column) => column.name === name)?.value;
  return value ? sortedBy(groups, value, sort.startsWith('-')) : groups;
}

interface FailureTableProps {
  groups: FailureGroup[];
  address: NumbersAddress;
  sorting: Sorting;
  stale: boolean;
}

/** Kinds of failures, a row each: what services say first, since that is what one looks for. */
export function FailureTable({ groups, address, sorting, stale }: FailureTableProps) {
  const labelOf = useLabel();
  return (
    <div className="pt-scroll">
      <Table
        aria-label="Kinds of failures"
        variant="compact"
        gridBreakPoint="grid-lg"
        className={stale ? 'pt-table pt-stale' : 'pt-table'}
      >
        <Thead>
          <Tr>
            {columns.map((column) => (
              <Th
                key={column.name}
                modifier="nowrap"
                className={column.head}
                sort={sortProps(sorting, column.value && column.name)}
              >
                {labelOf(column)}
              </Th>
            ))}
          </Tr>
        </Thead>
        <Tbody>
          {groups.map((group) => (
            <Tr key={`${group.fingerprint} ${group.service} ${group.source}`}>
              {columns.map((column) => (
                <Td key={column.name} dataLabel={labelOf(column)} className={column.className}>
                  {column.cell(group, address)}
                </Td>
              ))}
            </Tr>
          ))}
        </Tbody>
      </Table>
    </div>
  );
}
