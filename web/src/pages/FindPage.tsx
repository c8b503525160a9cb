import { Spinner } from '@patternfly/react-core/dist/esm/components/Spinner';
import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Link, Navigate, useSearchParams } from 'react-router';
import { graphql } from '../gql';
import type { FindQuery, IdKind } from '../gql/graphql';
import { useFollowing } from '../lib/following';
import { asRequestId, readIdentifier } from '../lib/identifier';
import { usePolled } from '../lib/polling';
import { count } from '../lib/sentence';
import { LoadingPage } from '../parts/LoadingPage';
import { Failed, Message } from '../parts/Message';
import { PayloadTable } from '../parts/PayloadTable';

const find = graphql(`
  query Find($id: String!) {
    find(id: $id) {
      kinds
      payloads(first: 50) {
        nodes {
          ...ListedPayload
        }
        pageInfo {
          hasNextPage
        }
      }
    }
  }
`);

const kinds: Record<IdKind, string> = {
  REQUEST: 'a request',
  INVENTORY: 'a host in the inventory',
  SYSTEM: 'a system',
};

const arrivalLive = graphql(`
  subscription Arrival($id: RequestID!) {
    payload(requestId: $id) {
      id
    }
  }
`);

const known = (data: FindQuery) => data.find.kinds.length > 0;

/** Whatever an identifier is: straight to its payload, the list of them, or a page that says it is unknown and waits for it. */
export default function FindPage() {
  const [search] = useSearchParams();
  const id = readIdentifier(search.get('id') ?? '');
  if (id === '') {
    return (
      <Message title="Nothing to look for" action={<Link to="/payloads">Newest payloads</Link>}>
        Paste a request, inventory or system id into the search box above.
      </Message>
    );
  }
  return <Found key={id} id={id} />;
}

function Found({ id }: { id: string }) {
  const { data, error, askAgain } = usePolled(find, { id }, 3000, known);
  if (!data) return error ? <Failed error={error} askAgain={askAgain} /> : <LoadingPage />;
  const payloads = data.find.payloads.nodes;
  const [only] = payloads;
  if (!known(data)) return <Unknown id={id} askAgain={askAgain} />;
  if (only && payloads.length === 1 && data.find.kinds.includes('REQUEST'))
    return <Navigate to={`/payloads/${only.requestId}`} replace />;
  return (
    <>
      <title>{`${id} · Payload Tracker`}</title>
      <div className="pt-heading">
        <div>
          <Title headingLevel="h1" className="pt-break">
            {id}
          </Title>
          <p className="pt-subtle">
            This is {data.find.kinds.map((kind) => kinds[kind]).join(' and ')}.{' '}
            {data.find.payloads.pageInfo.hasNextPage ? 'Its newest 50 payloads' : count(payloads.length, 'payload')},
            newest first.
          </p>
        </div>
        <div className="pt-actions">
          <ListLinks id={id} kinds={data.find.kinds} />
        </div>
      </div>
      <PayloadTable payloads={payloads} label={`Payloads of ${id}`} />
    </>
  );
}

/** Where the id's payloads can be filtered further. */
function ListLinks({ id, kinds }: { id: string; kinds: IdKind[] }) {
  return (
    <>
      {kinds.includes('INVENTORY') && (
        <Link to={`/payloads?inventoryId=${encodeURIComponent(id)}`}>Filter these payloads</Link>
      )}
      {!kinds.includes('INVENTORY') && kinds.includes('SYSTEM') && (
        <Link to={`/payloads?systemId=${encodeURIComponent(id)}`}>Filter these payloads</Link>
      )}
    </>
  );
}

function Unknown({ id, askAgain }: { id: string; askAgain: () => void }) {
  const requestId = asRequestId(id);
  const { live } = useFollowing(arrivalLive, { id: requestId ?? '' }, requestId !== null, ({ data }) => {
    if (data?.payload) askAgain();
  });
  return (
    <>
      <title>{`Unknown: ${id} · Payload Tracker`}</title>
      <Message title="This identifier is unknown" action={<Link to="/payloads">Newest payloads</Link>}>
        <p>
          No event so far names <span className="pt-mono pt-break">{id}</span> as its request, inventory or system id.
        </p>
        <p className="pt-waiting" role="status">
          <Spinner size="md" aria-label="Waiting" />
          {live
            ? 'Waiting for it live: its payload opens as soon as an event names it.'
            : 'Waiting for it: this page looks again every 3 s, and opens its payload once an event names it.'}
        </p>
      </Message>
    </>
  );
}
