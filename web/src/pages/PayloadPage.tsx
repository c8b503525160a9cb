import './payload/payload.css';
import { Spinner } from '@patternfly/react-core/dist/esm/components/Spinner';
import { Link, Navigate, useParams, useSearchParams } from 'react-router';
import { graphql } from '../gql';
import type { PayloadQuery } from '../gql/graphql';
import { asRequestId } from '../lib/identifier';
import { usePolled } from '../lib/polling';
import { asSentence } from '../lib/sentence';
import { LoadingPage } from '../parts/LoadingPage';
import { Failed, Message, OutOfDate } from '../parts/Message';
import { Facts } from './payload/Facts';
import { Hosts } from './payload/Hosts';
import { Stages } from './payload/Stages';
import { Timeline } from './payload/Timeline';
import { VerdictPanel } from './payload/VerdictPanel';

const payloadQuery = graphql(`
  query Payload($id: RequestID!, $before: String) {
    payload(by: { requestId: $id }) {
      id
      requestId
      orgId
      account
      inventoryId
      systemId
      startedAt
      updatedAt
      takenInAt
      duration
      verdict {
        state
        sentence
        final
        servicesPassed
        quietSince
        stallsAt
        coveredFailures
        failure {
          service
          source
          status
          message
          at
        }
      }
      stages {
        service
        source
        state
        startedAt
        endedAt
        duration
        failure {
          status
          message
          at
        }
      }
      timeline(last: 50, before: $before) {
        nodes {
          id
          service
          source
          status
          message
          date
          sincePrevious
        }
        pageInfo {
          hasNextPage
          hasPreviousPage
          startCursor
        }
      }
      hosts(first: 20) {
        nodes {
          inventoryId
          systemId
        }
        pageInfo {
          hasNextPage
        }
      }
    }
  }
`);

export type FullPayload = NonNullable<PayloadQuery['payload']>;

const isFinal = (data: PayloadQuery) => data.payload?.verdict.final === true;

/** One payload: what became of it, whose it is, its stages, its events. Asked for again until its verdict is final. */
export default function PayloadPage() {
  const { requestId = '' } = useParams();
  const id = asRequestId(requestId);
  if (id === null) return <Navigate to={`/find?id=${encodeURIComponent(requestId)}`} replace />;
  if (id !== requestId) return <Navigate to={`/payloads/${id}`} replace />;
  return <Payload key={id} id={id} />;
}

function Payload({ id }: { id: string }) {
  const [search, setSearch] = useSearchParams();
  const before = search.get('before');
  const { data, error, at, stale, askAgain } = usePolled(payloadQuery, { id, before }, 3000, isFinal);
  if (!data) return error ? <Failed error={error} askAgain={askAgain} /> : <LoadingPage />;
  const payload = data.payload;
  if (!payload) return <Unknown id={id} />;
  return (
    <>
      <title>{`${asSentence(payload.verdict.sentence)} · Payload Tracker`}</title>
      <OutOfDate error={error} at={at} />
      <VerdictPanel payload={payload} />
      <div className="pt-columns">
        <Facts payload={payload} />
        <Hosts hosts={payload.hosts.nodes} more={payload.hosts.pageInfo.hasNextPage} />
      </div>
      <Stages stages={payload.stages} />
      <Timeline
        timeline={payload.timeline}
        stale={stale}
        isNewest={!before}
        showBefore={(cursor) => setSearch(cursor ? { before: cursor } : {}, { preventScrollReset: true })}
      />
    </>
  );
}

function Unknown({ id }: { id: string }) {
  return (
    <>
      <title>{`Unknown: ${id} · Payload Tracker`}</title>
      <Message title="This request is unknown" action={<Link to="/">Newest payloads</Link>}>
        <p>
          No event so far names the request <span className="pt-mono pt-break">{id}</span>.
        </p>
        <p className="pt-waiting">
          <Spinner size="md" aria-label="Waiting" /> This page waits for it, and shows it once an event arrives.
        </p>
      </Message>
    </>
  );
}
