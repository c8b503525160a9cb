import './ingest/ingest.css';
import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { standingOf } from '../lib/ingest';
import { always, usePolled } from '../lib/polling';
import { LoadingPage } from '../parts/LoadingPage';
import { Failed, OutOfDate } from '../parts/Message';
import { Time } from '../parts/Time';
import { DeadLetters } from './ingest/DeadLetters';
import { Figures } from './ingest/Figures';
import { LastEvents } from './ingest/LastEvents';
import { Partitions } from './ingest/Partitions';
import { type Ingest, ingestQuery } from './ingest/query';
import { UnknownStatuses } from './ingest/UnknownStatuses';

/** Whether the tracker itself is well: how far it has taken in what services say, and what it made no sense of. */
export default function IngestPage() {
  const { data, error, at, askAgain } = usePolled(ingestQuery, {}, 5000, always);
  return (
    <>
      <title>Ingest · Payload Tracker</title>
      {data && at ? (
        <>
          <div className="pt-heading">
            <div>
              <Title headingLevel="h1">Ingest</Title>
              <p className="pt-subtle">
                How far the tracker has taken in what services say · as of <Time at={at.toISOString()} named />
              </p>
            </div>
          </div>
          <OutOfDate error={error} at={at} />
          <Told ingest={data.ingest} at={at} />
        </>
      ) : error ? (
        <Failed error={error} askAgain={askAgain} />
      ) : (
        <LoadingPage rows={10} />
      )}
    </>
  );
}

function Told({ ingest, at }: { ingest: Ingest; at: Date }) {
  const { partitions, brokerProblem, eventsPerSecond } = ingest;
  const { state, sentence } = standingOf(partitions, brokerProblem, eventsPerSecond);
  return (
    <>
      <section aria-label="Standing" className={`pt-verdict pt-verdict-${looks[state]}`}>
        <p className="pt-standing" role={state === 'well' ? undefined : 'alert'}>
          {sentence}
        </p>
        <Figures ingest={ingest} />
      </section>
      <div className="pt-columns">
        <div>
          <Partitions ingest={ingest} />
          <UnknownStatuses words={ingest.unknownStatuses} />
        </div>
        <LastEvents ingest={ingest} at={at} />
      </div>
      <DeadLetters letters={ingest.deadLetters} />
    </>
  );
}

const looks = { well: 'succeeded', behind: 'stalled', unknown: 'failed' };
