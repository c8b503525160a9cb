import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import { Link } from 'react-router';
import { addressOf } from '../../lib/filter';
import { formatCount } from '../../lib/numbers';
import type { Ingest } from './query';

/** Words that services say and nobody declared. */
export function UnknownStatuses({ words }: { words: Ingest['unknownStatuses'] }) {
  return (
    <section aria-labelledby="unknown-statuses" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="unknown-statuses">
        Unknown status words <span className="pt-subtle">without a meaning in the rules</span>
      </Title>
      {words.length === 0 ? (
        <p>Every status word that services say is known.</p>
      ) : (
        <Table aria-label="Unknown status words" variant="compact" gridBreakPoint="" className="pt-table pt-numbers">
          <Thead>
            <Tr>
              <Th modifier="nowrap">Word</Th>
              <Th modifier="nowrap">Service</Th>
              <Th modifier="nowrap">Events</Th>
            </Tr>
          </Thead>
          <Tbody>
            {words.map(({ status, service, count }) => (
              <Tr key={`${service} ${status}`}>
                <Td dataLabel="Word" className="pt-break">
                  <Link
                    to={addressOf('/statuses', [
                      { field: 'service', op: 'is', value: service },
                      { field: 'status', op: 'is', value: status },
                    ])}
                    className="pt-value"
                    title={`Statuses ${status} of ${service}`}
                  >
                    {status}
                  </Link>
                </Td>
                <Td dataLabel="Service" className="pt-service">
                  {service}
                </Td>
                <Td dataLabel="Events">{formatCount(count)}</Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      )}
    </section>
  );
}
