import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { asSentence } from '../../lib/sentence';
import { FailureMessage } from '../../parts/FailureMessage';
import { Time } from '../../parts/Time';
import { VerdictLabel } from '../../parts/VerdictLabel';
import type { FullPayload } from '../PayloadPage';

/** The sentence quotes short reasons whole: then they are not said twice. */
function saysAll(sentence: string, message: string | null | undefined): boolean {
  return sentence.endsWith(message?.trim() || '');
}

/** The answer: the verdict in one sentence, and of a failure the whole reason. */
export function VerdictPanel({ payload }: { payload: FullPayload }) {
  const { verdict } = payload;
  const { failure } = verdict;
  return (
    <section aria-label="Verdict" className={`pt-verdict pt-verdict-${verdict.state.toLowerCase()}`}>
      <div className="pt-verdict-line">
        <VerdictLabel state={verdict.state} isCompact={false} />
        <span className="pt-subtle">
          {verdict.final ? (
            'Final'
          ) : (
            <>
              <span className="pt-live" aria-hidden="true" /> Live: looks again every 3 s
            </>
          )}
        </span>
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
            <Time at={failure.at} /> UTC
          </p>
        </div>
      )}
      {verdict.state === 'IN_PROGRESS' && verdict.stallsAt && (
        <p className="pt-subtle">
          Counts as stalled from <Time at={verdict.stallsAt} /> UTC on, unless an event comes before.
        </p>
      )}
      {verdict.state === 'STALLED' && (
        <p className="pt-subtle">
          Quiet since <Time at={verdict.quietSince} /> UTC.
        </p>
      )}
      {verdict.coveredFailures.length > 0 && (
        <p className="pt-subtle">Failed at first and succeeded later: {verdict.coveredFailures.join(', ')}.</p>
      )}
    </section>
  );
}
