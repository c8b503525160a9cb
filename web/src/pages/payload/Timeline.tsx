import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import { formatDuration } from '../../lib/duration';
import { FailureMessage } from '../../parts/FailureMessage';
import { Time } from '../../parts/Time';
import type { FullPayload } from '../PayloadPage';

interface TimelineProps {
  timeline: FullPayload['timeline'];
  isNewest: boolean;
  stale: boolean;
  /** Shows the page before that cursor; the newest one for null. */
  showBefore: (cursor: string | null) => void;
}

/** The events, newest first, a page of them at a time. */
export function Timeline({ timeline, isNewest, stale, showBefore }: TimelineProps) {
  const { nodes, pageInfo } = timeline;
  const pages = !isNewest || pageInfo.hasPreviousPage;
  return (
    <section aria-labelledby="timeline" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="timeline">
        Events <span className="pt-subtle">newest first</span>
      </Title>
      <Table
        aria-label="Events"
        variant="compact"
        gridBreakPoint="grid-lg"
        className={stale ? 'pt-table pt-stale' : 'pt-table'}
      >
        <Thead>
          <Tr>
            <Th modifier="nowrap">Time (UTC)</Th>
            <Th modifier="nowrap">Since previous</Th>
            <Th modifier="nowrap">Service</Th>
            <Th modifier="nowrap">Status</Th>
            <Th className="pt-column-wide">Message</Th>
          </Tr>
        </Thead>
        <Tbody>
          {nodes.toReversed().map((status) => (
            <Tr key={status.id}>
              <Td dataLabel="Time (UTC)">
                <Time at={status.date} exactly />
              </Td>
              <Td dataLabel="Since previous" className="pt-number">
                {status.sincePrevious ? (
                  `+${formatDuration(status.sincePrevious)}`
                ) : (
                  <span className="pt-none">first</span>
                )}
              </Td>
              <Td dataLabel="Service" className="pt-service">
                <strong>{status.service}</strong>
                {status.source && <span className="pt-source">{status.source}</span>}
              </Td>
              <Td dataLabel="Status">{status.status}</Td>
              <Td dataLabel="Message" className={status.message ? '' : 'pt-empty-cell'}>
                {status.message && <FailureMessage message={status.message} />}
              </Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
      {pages && (
        <nav aria-label="Pages of events" className="pt-paging">
          {!isNewest && (
            <Button variant="link" onClick={() => showBefore(null)}>
              Newest
            </Button>
          )}
          <Button
            variant="secondary"
            isDisabled={!pageInfo.hasPreviousPage}
            onClick={() => showBefore(pageInfo.startCursor ?? null)}
          >
            Earlier events
          </Button>
        </nav>
      )}
    </section>
  );
}
