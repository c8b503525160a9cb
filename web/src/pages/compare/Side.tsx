import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Link } from 'react-router';
import type { ComparedFragment } from '../../gql/graphql';
import { formatDuration } from '../../lib/duration';
import { asSentence } from '../../lib/sentence';
import { Identifier } from '../../parts/Identifier';
import { Ago, Time } from '../../parts/Time';
import { VerdictLabel } from '../../parts/VerdictLabel';

interface SideProps {
  name: string;
  id: string;
  payload: ComparedFragment | null | undefined;
}

/** One of the two: its verdict, and whose it is. */
export function Side({ name, id, payload }: SideProps) {
  if (!payload) {
    return (
      <section aria-label={name} className="pt-verdict pt-side">
        <Title headingLevel="h2" size="lg">
          {name}: unknown
        </Title>
        <p className="pt-subtle">
          No event so far names the request <span className="pt-mono pt-break">{id}</span>.
        </p>
      </section>
    );
  }
  const { verdict } = payload;
  return (
    <section aria-label={name} className={`pt-verdict pt-side pt-verdict-${verdict.state.toLowerCase()}`}>
      <div className="pt-verdict-line">
        <strong className="pt-side-name">{name}</strong>
        <VerdictLabel state={verdict.state} isCompact={false} />
      </div>
      <Title headingLevel="h2" size="lg" className="pt-break">
        <Link to={`/payloads/${payload.requestId}`}>{asSentence(verdict.sentence)}</Link>
      </Title>
      <dl className="pt-facts">
        <div>
          <dt>Request</dt>
          <dd>
            <Identifier value={payload.requestId} what="request id" />
          </dd>
        </div>
        <div>
          <dt>Organisation</dt>
          <dd>{payload.orgId ?? '–'}</dd>
        </div>
        <div>
          <dt>Host</dt>
          <dd className="pt-mono">{payload.inventoryId ?? payload.systemId ?? '–'}</dd>
        </div>
        <div>
          <dt>Started</dt>
          <dd>
            <Time at={payload.startedAt} named /> <Ago at={payload.startedAt} />
          </dd>
        </div>
        <div>
          <dt>Duration</dt>
          <dd>{formatDuration(payload.duration)}</dd>
        </div>
      </dl>
    </section>
  );
}
