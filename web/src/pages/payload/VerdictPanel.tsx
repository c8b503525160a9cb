import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Link } from 'react-router';
import { addressOf } from '../../lib/filter';
import { asSentence } from '../../lib/sentence';
import { FailureMessage } from '../../parts/FailureMessage';
import { Ago, Time } from '../../parts/Time';
import { VerdictLabel } from '../../parts/VerdictLabel';
import { pollEvery, type Way } from './follow';
import type { FullPayload } from './query';

/** The sentence quotes short reasons whole: then they are not said twice. */
function saysAll(sentence: string, message: string | null | undefined): boolean {
  return sentence.endsWith(message?.trim() || '');
}

/** The answer: the verdict in one sentence, and of a failure the whole reason. */
export function VerdictPanel({ payload, way }: { payload: FullPayload; way: Way }) {
  const { verdict } = payload;
  const { failure } = verdict;
  return (
    <section aria-label="Verdict" className={`pt-verdict pt-verdict-${verdict.state.toLowerCase()}`}>
      <div className="pt-verdict-line">
        <VerdictLabel state={verdict.state} isCompact={false} />
        <span className="pt-subtle" role="status">
          {way === 'final' && 'Final'}
          {way === 'live' && (
            <>
              <span className="pt-live" aria-hidden="true" /> Live
            </>
          )}
          {way === 'polling' && `No live connection: looks again every ${pollEvery / 1000} s`}
        </span>
        <Link to={`/compare?a=${payload.requestId}`} className="pt-compare-link">
          Compare with another
        </Link>
      </div>
      <Title headingLevel="h1" size="2xl" className="pt-break">
        {asSentence(verdict.sentence)}
      </Title>
      {failure && (
        <div className="pt-reason">
          {!saysAll(verdict.sentence, failure.message) && <FailureMessage message={failure.message} open />}
          <p className="pt-subtle">
            {failure.service}
            {failure.source && ` / ${failure.source}`} said <strong>{failure.status}</strong> at{' '}
            <Time at={failure.at} named /> (<Ago at={failure.at} />)
          </p>
          <p>
            <Link to={addressOf('/payloads', [{ field: 'fingerprint', op: 'is', value: failure.fingerprint }])}>
              Payloads that failed the same way
            </Link>
          </p>
        </div>
      )}
      {verdict.state === 'IN_PROGRESS' && verdict.stallsAt && (
        <p className="pt-subtle">
          Counts as stalled from <Time at={verdict.stallsAt} named /> on, unless an event comes before.
        </p>
      )}
      {verdict.state === 'STALLED' && (
        <p className="pt-subtle">
          Quiet since <Time at={verdict.quietSince} named /> (<Ago at={verdict.quietSince} />
          ).
        </p>
      )}
      {verdict.coveredFailures.length > 0 && (
        <p className="pt-subtle">Failed at first and succeeded later: {verdict.coveredFailures.join(', ')}.</p>
      )}
    </section>
  );
}
