import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import { bySilence } from '../../lib/ingest';
import { count } from '../../lib/sentence';
import { Ago, Time, useTimeLabel } from '../../parts/Time';
import { ValueLink } from '../../parts/ValueLink';
import type { Ingest } from './query';

/** When each service was last heard of, the silent ones first. */
export function LastEvents({ ingest: { lastEvent }, at }: { ingest: Ingest; at: Date }) {
  const time = useTimeLabel('Last event');
  return (
    <section aria-labelledby="last-events" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="last-events">
        Services{' '}
        <span className="pt-subtle">
          {lastEvent.length > 0 && `${count(lastEvent.length, 'service')}, the silent ones first`}
        </span>
      </Title>
      {lastEvent.length === 0 ? (
        <p>No service was heard of yet.</p>
      ) : (
        <Table aria-label="Last events" variant="compact" gridBreakPoint="" className="pt-table pt-numbers">
          <Thead>
            <Tr>
              <Th modifier="nowrap">Service</Th>
              <Th modifier="nowrap">{time}</Th>
            </Tr>
          </Thead>
          <Tbody>
            {bySilence(lastEvent, at.getTime()).map(({ service, date }) => (
              <Tr key={service}>
                <Td dataLabel="Service" className="pt-service">
                  <ValueLink list="/statuses" field="service" value={service} what="the service" />
                </Td>
                <Td dataLabel={time} className="pt-last-event">
                  <Time at={date} />
                  <Ago at={date} />
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      )}
    </section>
  );
}
