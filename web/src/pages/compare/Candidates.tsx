import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Link } from 'react-router';
import { graphql } from '../../gql';
import type { CandidatesQuery } from '../../gql/graphql';
import { once, usePolled } from '../../lib/polling';
import { asSentence } from '../../lib/sentence';
import { Ago, Time } from '../../parts/Time';
import { VerdictLabel } from '../../parts/VerdictLabel';

const ownerQuery = graphql(`
  query CompareOwner($id: RequestID!) {
    payload(by: { requestId: $id }) {
      id
      orgId
      inventoryId
      systemId
    }
  }
`);

const candidatesQuery = graphql(`
  query Candidates($host: PayloadFilter, $good: PayloadFilter) {
    host: payloads(filter: $host, first: 10) {
      nodes {
        ...Candidate
      }
    }
    good: payloads(filter: $good, first: 10) {
      nodes {
        ...Candidate
      }
    }
  }
`);

graphql(`
  fragment Candidate on Payload {
    id
    requestId
    startedAt
    verdict {
      state
      sentence
    }
  }
`);

/** What one may want to compare with: the host's other payloads, and what went well for the same organisation. */
export function Candidates({ a }: { a: string }) {
  const { data } = usePolled(ownerQuery, { id: a }, 5000, once);
  return data?.payload ? <Found a={a} owner={data.payload} /> : null;
}

interface Owner {
  orgId?: string | null;
  inventoryId?: string | null;
  systemId?: string | null;
}

function Found({ a, owner }: { a: string; owner: Owner }) {
  const host = owner.inventoryId
    ? { inventoryId: { eq: owner.inventoryId } }
    : { systemId: { eq: owner.systemId ?? '' } };
  const good = { verdict: { eq: 'SUCCEEDED' as const }, ...(owner.orgId ? { orgId: { eq: owner.orgId } } : undefined) };
  const { data } = usePolled(candidatesQuery, { host, good }, 5000, once);
  if (!data) return null;
  return (
    <div className="pt-columns">
      {(owner.inventoryId || owner.systemId) && <List title="Of the same host" a={a} nodes={data.host.nodes} />}
      <List
        title={owner.orgId ? 'Succeeded, of the same organisation' : 'Succeeded lately'}
        a={a}
        nodes={data.good.nodes}
      />
    </div>
  );
}

function List({ title, a, nodes }: { title: string; a: string; nodes: CandidatesQuery['host']['nodes'] }) {
  const others = nodes.filter((node) => node.requestId !== a);
  return (
    <section aria-label={title} className="pt-panel">
      <Title headingLevel="h2" size="lg">
        {title}
      </Title>
      {others.length === 0 && <p className="pt-subtle">There is none.</p>}
      <ul className="pt-candidates">
        {others.map((node) => (
          <li key={node.id}>
            <VerdictLabel state={node.verdict.state} />
            <span>
              <Link to={`/compare?a=${a}&b=${node.requestId}`}>{asSentence(node.verdict.sentence)}</Link>
              <span className="pt-second-line">
                <Time at={node.startedAt} named /> · <Ago at={node.startedAt} />
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
