import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import { describeReason } from '../../lib/ingest';
import { formatCount } from '../../lib/numbers';
import { Ago, Time, useTimeLabel } from '../../parts/Time';
import type { Ingest } from './query';

/** Messages that were no events, by what is wrong with them and who sent them. */
export function DeadLetters({ letters }: { letters: Ingest['deadLetters'] }) {
  const last = useTimeLabel('Last');
  return (
    <section aria-labelledby="dead-letters" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="dead-letters">
        Dead letters <span className="pt-subtle">messages of the last 90 days that are no events</span>
      </Title>
      {letters.length === 0 ? (
        <p>Every message could be read as an event.</p>
      ) : (
        <Table aria-label="Dead letters" variant="compact" gridBreakPoint="grid-lg" className="pt-table pt-numbers">
          <Thead>
            <Tr>
              <Th modifier="nowrap">What is wrong</Th>
              <Th modifier="nowrap" className="pt-letter-service">
                Service
              </Th>
              <Th modifier="nowrap">Messages</Th>
              <Th modifier="nowrap">{last}</Th>
              <Th className="pt-column-wide">The newest begins with</Th>
            </Tr>
          </Thead>
          <Tbody>
            {letters.map((letter) => (
              <Tr key={`${letter.reason} ${letter.service ?? ''}`}>
                <Td dataLabel="What is wrong" modifier="nowrap">
                  <strong>{describeReason(letter.reason)}</strong>
                </Td>
                <Td dataLabel="Service" className="pt-service">
                  {letter.service ?? <span className="pt-none">not told</span>}
                </Td>
                <Td dataLabel="Messages">{formatCount(letter.count)}</Td>
                <Td dataLabel={last}>
                  <Time at={letter.lastAt} />
                  <Ago at={letter.lastAt} />
                </Td>
                <Td dataLabel="The newest begins with" className="pt-letter-cell">
                  {letter.sample ? (
                    <pre className="pt-letter">{letter.sample}</pre>
                  ) : (
                    <span className="pt-none">empty</span>
                  )}
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      )}
    </section>
  );
}
