import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import AngleLeftIcon from '@patternfly/react-icons/dist/esm/icons/angle-left-icon';
import AngleRightIcon from '@patternfly/react-icons/dist/esm/icons/angle-right-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import { useSearchParams } from 'react-router';
import { backlogOf, describeDelay } from '../../lib/delay';
import { formatDuration, formatMilliseconds } from '../../lib/duration';
import { once, usePolled } from '../../lib/polling';
import { FailureMessage } from '../../parts/FailureMessage';
import { Failed } from '../../parts/Message';
import { StatusWord } from '../../parts/StatusWord';
import { OtherTime, Time, useTimeLabel } from '../../parts/Time';
import { type FullPayload, timelineQuery } from './query';

const pageSize = 50;

type Events = FullPayload['timeline'];

/** The events, newest first, a page of them at a time: the newest page changes as they come in, the others stand. */
export function Timeline({ payload }: { payload: FullPayload }) {
  const [search, setSearch] = useSearchParams();
  const place = placeOf(search);
  const show = (next: Record<string, string>) => setSearch(next, { preventScrollReset: true });
  return (
    <section aria-labelledby="timeline" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="timeline">
        Events <span className="pt-subtle">newest first</span>
      </Title>
      {place ? (
        <OtherPage id={payload.requestId} place={place} show={show} />
      ) : (
        <Page events={payload.timeline} show={show} />
      )}
    </section>
  );
}

interface Place {
  first: number | null;
  after: string | null;
  last: number | null;
  before: string | null;
}

/** Which page the address names; null for the newest. */
function placeOf(search: URLSearchParams): Place | null {
  const before = search.get('before');
  const after = search.get('after');
  if (before) return { first: null, after: null, last: pageSize, before };
  if (after) return { first: pageSize, after, last: null, before: null };
  return search.get('events') === 'first' ? { first: pageSize, after: null, last: null, before: null } : null;
}

type Show = (next: Record<string, string>) => void;

function OtherPage({ id, place, show }: { id: string; place: Place; show: Show }) {
  const { data, error, stale, askAgain } = usePolled(timelineQuery, { id, ...place }, 5000, once);
  const events = data?.payload?.timeline;
  if (error && (!events || stale)) return <Failed error={error} askAgain={askAgain} />;
  return events ? <Page events={events} show={show} stale={stale} other /> : null;
}

function Page({ events, show, stale, other }: { events: Events; show: Show; stale?: boolean; other?: boolean }) {
  const { nodes, pageInfo } = events;
  const time = useTimeLabel('Time');
  const backlog = backlogOf(nodes);
  return (
    <>
      {backlog > 0 && <p className="pt-subtle">Taken in {formatMilliseconds(backlog)} or more after they happened.</p>}
      <Table
        aria-label="Events"
        variant="compact"
        gridBreakPoint="grid-lg"
        className={stale ? 'pt-table pt-stale' : 'pt-table'}
      >
        <Thead>
          <Tr>
            <Th modifier="nowrap">{time}</Th>
            <Th modifier="nowrap">Since previous</Th>
            <Th modifier="nowrap">Service</Th>
            <Th modifier="nowrap">Status</Th>
            <Th className="pt-column-wide">Message</Th>
          </Tr>
        </Thead>
        <Tbody>
          {nodes.toReversed().map((event) => (
            <Tr key={event.id}>
              <Td dataLabel={time}>
                <Time at={event.date} exactly />
                <OtherTime at={event.date} />
                <TakenIn event={event} backlog={backlog} />
              </Td>
              <Td dataLabel="Since previous" className="pt-number">
                {event.sincePrevious ? (
                  `+${formatDuration(event.sincePrevious)}`
                ) : (
                  <span className="pt-none">first</span>
                )}
              </Td>
              <Td dataLabel="Service" className="pt-service">
                <strong>{event.service}</strong>
                {event.source && <span className="pt-source">{event.source}</span>}
              </Td>
              <Td dataLabel="Status">
                <StatusWord status={event.status} />
              </Td>
              <Td dataLabel="Message" className={event.message ? '' : 'pt-empty-cell'}>
                {event.message && <FailureMessage message={event.message} />}
              </Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
      {(other || pageInfo.hasPreviousPage) && <Pages pageInfo={pageInfo} show={show} newest={!other} />}
    </>
  );
}

function TakenIn({ event, backlog }: { event: Events['nodes'][number]; backlog: number }) {
  const words = describeDelay(event, backlog);
  return words && <span className="pt-second-line">{words}</span>;
}

function Pages({ pageInfo, show, newest }: { pageInfo: Events['pageInfo']; show: Show; newest: boolean }) {
  const { hasNextPage, hasPreviousPage, startCursor, endCursor } = pageInfo;
  return (
    <nav aria-label="Pages of events" className="pt-paging">
      {!newest && (
        <Button variant="link" onClick={() => show({})}>
          Newest
        </Button>
      )}
      <Button
        variant="secondary"
        icon={<AngleLeftIcon />}
        isDisabled={newest || !hasNextPage}
        onClick={() => show({ after: endCursor ?? '' })}
      >
        Later events
      </Button>
      <Button
        variant="secondary"
        icon={<AngleRightIcon />}
        iconPosition="end"
        isDisabled={!hasPreviousPage}
        onClick={() => show({ before: startCursor ?? '' })}
      >
        Earlier events
      </Button>
      {hasPreviousPage && (
        <Button variant="link" onClick={() => show({ events: 'first' })}>
          First
        </Button>
      )}
    </nav>
  );
}
