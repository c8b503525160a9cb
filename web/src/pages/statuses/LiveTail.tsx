import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { Spinner } from '@patternfly/react-core/dist/esm/components/Spinner';
import PauseIcon from '@patternfly/react-icons/dist/esm/icons/pause-icon';
import PlayIcon from '@patternfly/react-icons/dist/esm/icons/play-icon';
import { useEffect, useRef, useState } from 'react';
import { graphql } from '../../gql';
import type { ListedStatusFragment, StatusFilter } from '../../gql/graphql';
import { describeProblem } from '../../lib/client';
import { useFollowing } from '../../lib/following';
import { count } from '../../lib/sentence';
import { append, emptyTail, pause, resume, type Tail, tailLength } from '../../lib/tail';
import { Message } from '../../parts/Message';
import { extraOf, StatusTable } from '../../parts/StatusTable';

const statusesLive = graphql(`
  subscription StatusesLive($filter: StatusFilter, $since: Boolean!, $payload: Boolean!) {
    statuses(filter: $filter) {
      ...ListedStatus
    }
  }
`);

/** So long are rows collected before the table is drawn again: busy traffic must not freeze the page. */
const collectFor = 250;

/** Statuses as they are taken in, the newest on top; held while one reads. */
export function LiveTail({ filter, columns }: { filter: StatusFilter | null; columns: string[] }) {
  const [tail, setTail] = useState<Tail<ListedStatusFragment>>(emptyTail);
  const came = useRef({ rows: [] as ListedStatusFragment[], skipped: 0 });
  const { live, error } = useFollowing(statusesLive, { filter, ...extraOf(columns) }, true, ({ data, extensions }) => {
    if (!data) return;
    came.current.rows.push(data.statuses);
    came.current.skipped += Number(extensions?.skipped ?? 0);
  });
  const breaks = useBreaks(live);

  useEffect(() => {
    const timer = setInterval(() => {
      const { rows, skipped } = came.current;
      if (rows.length === 0) return;
      came.current = { rows: [], skipped: 0 };
      setTail((tail) => append(tail, rows, skipped));
    }, collectFor);
    return () => clearInterval(timer);
  }, []);

  if (error && !error.networkError) {
    const { title, detail } = describeProblem(error);
    return (
      <Message title={title} status="danger">
        {detail}
      </Message>
    );
  }
  return (
    <section aria-label="Live tail">
      <div className="pt-tail-bar">
        <Button
          variant="secondary"
          icon={tail.paused ? <PlayIcon /> : <PauseIcon />}
          onClick={() => setTail(tail.paused ? resume : pause)}
        >
          {tail.paused ? 'Resume' : 'Pause'}
        </Button>
        <p role="status">
          <State live={live} tail={tail} />
          {tail.skipped > 0 &&
            ` More comes in than is shown: this is a sample, ${count(tail.skipped, 'status')} or more left out.`}
          {breaks > 0 &&
            ` The connection broke ${breaks === 1 ? 'once' : `${breaks} times`}: what was taken in meanwhile is only in the stored list.`}
        </p>
      </div>
      {tail.rows.length > 0 ? (
        <StatusTable statuses={tail.rows} label="Live statuses" shown={columns} />
      ) : (
        <Message title={live ? 'Waiting for the next status' : 'Connecting'}>
          {live ? 'Each one that matches appears here as it is taken in.' : 'The live connection is being made.'}
        </Message>
      )}
    </section>
  );
}

function State({ live, tail }: { live: boolean; tail: Tail<ListedStatusFragment> }) {
  if (!live) {
    return (
      <>
        <Spinner size="sm" aria-label="Connecting" /> No live connection: trying again.
      </>
    );
  }
  if (tail.paused) return <strong>Paused: {count(tail.heldCount, 'new status')} waiting.</strong>;
  return (
    <>
      <span className="pt-live" aria-hidden="true" /> Live, the newest {tailLength} are kept.
    </>
  );
}

/** How often the connection broke after it first stood. */
function useBreaks(live: boolean): number {
  const [breaks, setBreaks] = useState(0);
  const stood = useRef(false);
  useEffect(() => {
    if (!live && stood.current) setBreaks((n) => n + 1);
    stood.current = live;
  }, [live]);
  return breaks;
}
