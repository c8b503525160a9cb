import { formatRate, waitingIn } from '../../lib/ingest';
import { formatCount } from '../../lib/numbers';
import { useNow } from '../../lib/ticker';
import { formatAgo } from '../../lib/time';
import { Figure } from '../../parts/numbers/Figure';
import { Time } from '../../parts/Time';
import type { Ingest } from './query';

/** What one reads first. */
export function Figures({ ingest }: { ingest: Ingest }) {
  const now = useNow();
  const letters = ingest.deadLetters.reduce((sum, { count }) => sum + count, 0);
  return (
    <dl className="pt-figures">
      <Figure name="Records a second" value={formatRate(ingest.eventsPerSecond)}>
        <span className="pt-second-line">over the last half minute</span>
      </Figure>
      <Figure
        name="Records waiting"
        value={ingest.brokerProblem ? 'not known' : formatCount(waitingIn(ingest.partitions))}
      />
      <Figure name="Oldest event kept" value={ingest.oldestEvent ? formatAgo(ingest.oldestEvent, now) : '–'}>
        {ingest.oldestEvent && (
          <span className="pt-second-line">
            <Time at={ingest.oldestEvent} named />
          </span>
        )}
      </Figure>
      <Figure name="Late events" value={formatCount(ingest.lateEvents)}>
        <span className="pt-second-line">too old to be kept</span>
      </Figure>
      <Figure name="Dead letters" value={formatCount(letters)}>
        <span className="pt-second-line">in the last 90 days</span>
      </Figure>
      <Figure name="Unknown status words" value={formatCount(ingest.unknownStatuses.length)} />
    </dl>
  );
}
