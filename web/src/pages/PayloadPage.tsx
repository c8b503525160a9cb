import './payload/payload.css';
import { Spinner } from '@patternfly/react-core/dist/esm/components/Spinner';
import { Link, Navigate, useParams } from 'react-router';
import { asRequestId } from '../lib/identifier';
import { asSentence } from '../lib/sentence';
import { LoadingPage } from '../parts/LoadingPage';
import { Failed, Message, OutOfDate } from '../parts/Message';
import { Facts } from './payload/Facts';
import { usePayload } from './payload/follow';
import { Gantt } from './payload/Gantt';
import { Hosts } from './payload/Hosts';
import { Links } from './payload/Links';
import { Timeline } from './payload/Timeline';
import { VerdictPanel } from './payload/VerdictPanel';

/** One payload: what became of it, whose it is, its stages, its events. Followed until its verdict is final. */
export default function PayloadPage() {
  const { requestId = '' } = useParams();
  const id = asRequestId(requestId);
  if (id === null) return <Navigate to={`/find?id=${encodeURIComponent(requestId)}`} replace />;
  if (id !== requestId) return <Navigate to={`/payloads/${id}`} replace />;
  return <Payload key={id} id={id} />;
}

function Payload({ id }: { id: string }) {
  const { payload, at, error, way, askAgain } = usePayload(id);
  if (payload === undefined) return error ? <Failed error={error} askAgain={askAgain} /> : <LoadingPage />;
  if (payload === null) return <Unknown id={id} live={way === 'live'} />;
  return (
    <>
      <title>{`${asSentence(payload.verdict.sentence)} · Payload Tracker`}</title>
      <OutOfDate error={error} at={at} />
      <VerdictPanel payload={payload} way={way} />
      <div className="pt-columns">
        <Facts payload={payload} />
        <div>
          <Links payload={payload} />
          <Hosts payload={payload} />
        </div>
      </div>
      <Gantt stages={payload.stages} />
      <Timeline payload={payload} />
    </>
  );
}

function Unknown({ id, live }: { id: string; live: boolean }) {
  return (
    <>
      <title>{`Unknown: ${id} · Payload Tracker`}</title>
      <Message title="This request is unknown" action={<Link to="/payloads">Newest payloads</Link>}>
        <p>
          No event so far names the request <span className="pt-mono pt-break">{id}</span>.
        </p>
        <p className="pt-waiting" role="status">
          <Spinner size="md" aria-label="Waiting" />
          {live
            ? 'Waiting for it live: it is shown as soon as its first event is taken in.'
            : 'Waiting for it: this page looks again every 3 s.'}
        </p>
      </Message>
    </>
  );
}
