import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { formatDuration, parseDuration } from '../../lib/duration';
import { changeOf, changeOfDuration, changeOfShare, formatCount, formatShare } from '../../lib/numbers';
import { sortedBy, type Value } from '../../lib/sorted';
import { sortProps } from '../../parts/list/sorting';
import type { NumbersAddress } from '../../parts/numbers/address';
import { Changed } from '../../parts/numbers/Changed';
import { payloadsAddress } from '../../parts/numbers/payloads';
import type { ServiceNumbers } from './query';
import { Sparkline } from './Sparkline';

export const serviceSort = 'name';

/** The orders by name: narrow screens have no heads to click. */
export const serviceSorts: [name: string, label: string][] = [
  ['name', 'By name'],
  ['-received', 'Most received first'],
  ['-failed', 'Most failed first'],
  ['rate', 'Lowest success rate first'],
  ['-open', 'Most open first'],
  ['-p50', 'Highest p50 first'],
  ['-p95', 'Highest p95 first'],
  ['-p99', 'Highest p99 first'],
];

interface Column {
  name: string;
  label: string;
  /** What it sorts by; a missing one comes last. */
  value?: Value<ServiceNumbers>;
  cell: (service: ServiceNumbers, address: NumbersAddress) => ReactNode;
  className?: string;
}

/** On one line with the numbers that are links. */
const plain = (text: string) => <span className="pt-plain-number">{text}</span>;

const none = <span className="pt-none">–</span>;

const length = (iso: string | null | undefined) => (iso ? parseDuration(iso) : null);

function percentile(name: 'p50' | 'p95' | 'p99'): Column {
  return {
    name,
    label: name,
    value: (s) => length(s.duration?.[name]),
    cell: (s) => (
      <span className="pt-changing">
        {plain(formatDuration(s.duration?.[name]))}
        <Changed change={changeOfDuration(s.duration?.[name], s.before.duration?.[name])} bad="up" />
      </span>
    ),
  };
}

const columns: Column[] = [
  {
    name: 'name',
    label: 'Service',
    value: (s) => s.name,
    className: 'pt-plain-cell',
    cell: (s, address) => (
      <Link to={address.opening(s.name)} className="pt-sentence" title={`Open ${s.name}`}>
        <strong>{s.name}</strong>
      </Link>
    ),
  },
  {
    name: 'received',
    label: 'Received',
    value: (s) => s.received,
    cell: (s, address) => (
      <span className="pt-changing">
        <Listed count={s.received} to={payloadsAddress(address, s.name, null)} what={`that came to ${s.name}`} />
        <Changed change={changeOf(s.received, s.before.received)} />
      </span>
    ),
  },
  { name: 'succeeded', label: 'Succeeded', value: (s) => s.succeeded, cell: (s) => plain(formatCount(s.succeeded)) },
  {
    name: 'failed',
    label: 'Failed',
    value: (s) => s.failed,
    cell: (s, address) => (
      <span className="pt-changing">
        <Listed count={s.failed} to={payloadsAddress(address, s.name, 'failed')} what={`that failed in ${s.name}`} />
        <Changed change={changeOf(s.failed, s.before.failed)} />
      </span>
    ),
  },
  { name: 'open', label: 'Open', value: (s) => s.open, cell: (s) => plain(formatCount(s.open)) },
  {
    name: 'rate',
    label: 'Success rate',
    value: (s) => s.successRate,
    cell: (s) =>
      s.successRate == null ? (
        none
      ) : (
        <span className="pt-changing">
          {plain(formatShare(s.successRate))}
          <Changed change={changeOfShare(s.successRate, s.before.successRate)} bad="down" />
        </span>
      ),
  },
  percentile('p50'),
  percentile('p95'),
  percentile('p99'),
  { name: 'trend', label: 'Trend', cell: (s) => <Sparkline points={s.trend} />, className: 'pt-bar-cell' },
];

function Listed({ count, to, what }: { count: number; to: string; what: string }) {
  if (count === 0) return plain('0');
  return (
    <Link to={to} className="pt-value" title={`The payloads ${what}`}>
      {formatCount(count)}
    </Link>
  );
}

interface ServiceTableProps {
  services: ServiceNumbers[];
  address: NumbersAddress;
  stale: boolean;
}

/** Services, a row each; what is small beside a number is how it stands against the window before. */
export function ServiceTable({ services, address, stale }: ServiceTableProps) {
  const { sorting } = address;
  const value = columns.find(({ name }) => name === sorting.sort.replace(/^-/, ''))?.value;
  const sorted = value ? sortedBy(services, value, sorting.sort.startsWith('-')) : services;
  return (
    <div className="pt-scroll">
      <Table
        aria-label="Services"
        variant="compact"
        gridBreakPoint="grid-lg"
        className={`pt-table pt-numbers ${stale ? 'pt-stale' : ''}`}
      >
        <Thead>
          <Tr>
            {columns.map((column) => (
              <Th
                key={column.name}
                modifier="nowrap"
                className={column.name === 'name' ? 'pt-wide-name' : undefined}
                sort={sortProps(sorting, column.value && column.name)}
              >
                {column.label}
              </Th>
            ))}
          </Tr>
        </Thead>
        <Tbody>
          {sorted.map((service) => (
            <Tr key={service.name}>
              {columns.map((column) => (
                <Td key={column.name} dataLabel={column.label} className={column.className}>
                  {column.cell(service, address)}
                </Td>
              ))}
            </Tr>
          ))}
        </Tbody>
      </Table>
    </div>
  );
}
