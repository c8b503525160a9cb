import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import { formatCount } from '../../lib/numbers';
import { count } from '../../lib/sentence';
import type { Ingest } from './query';

const written = (offset: number | null | undefined, none: string) =>
  offset == null ? <span className="pt-none">{none}</span> : formatCount(offset);

/** How far each partition is stored. */
export function Partitions({ ingest: { partitions, brokerProblem } }: { ingest: Ingest }) {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const unknown = brokerProblem ? 'not known' : '–';
  return (
    <section aria-labelledby="partitions" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="partitions">
        Partitions{' '}
        <span className="pt-subtle">
          {partitions.length > 0 && `${count(partitions.length, 'partition')} of ${topics.join(', ')}`}
        </span>
      </Title>
      {partitions.length === 0 ? (
        <p>Nothing was taken in yet, and the broker names no partition.</p>
      ) : (
        <Table aria-label="Partitions" variant="compact" gridBreakPoint="" className="pt-table pt-numbers">
          <Thead>
            <Tr>
              <Th modifier="nowrap">Partition</Th>
              <Th modifier="nowrap">Stored up to</Th>
              <Th modifier="nowrap">Ends at</Th>
              <Th modifier="nowrap">Waiting</Th>
            </Tr>
          </Thead>
          <Tbody>
            {partitions.map(({ topic, partition, position, end, lag }) => (
              <Tr key={`${topic} ${partition}`}>
                <Td dataLabel="Partition">
                  {topics.length > 1 && `${topic} `}
                  {partition}
                </Td>
                <Td dataLabel="Stored up to">{written(position, 'nothing yet')}</Td>
                <Td dataLabel="Ends at">{written(end, unknown)}</Td>
                <Td dataLabel="Waiting">{written(lag, unknown)}</Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      )}
    </section>
  );
}
