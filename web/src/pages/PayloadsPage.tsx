import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { ToggleGroup, ToggleGroupItem } from '@patternfly/react-core/dist/esm/components/ToggleGroup';
import AngleLeftIcon from '@patternfly/react-icons/dist/esm/icons/angle-left-icon';
import AngleRightIcon from '@patternfly/react-icons/dist/esm/icons/angle-right-icon';
import { useSearchParams } from 'react-router';
import { graphql } from '../gql';
import type { NewestPayloadsQuery, VerdictState } from '../gql/graphql';
import { usePolled } from '../lib/polling';
import { LoadingPage } from '../parts/LoadingPage';
import { Failed, Message, OutOfDate } from '../parts/Message';
import { PayloadTable } from '../parts/PayloadTable';

const pageSize = 20;

const newestPayloads = graphql(`
  query NewestPayloads($filter: PayloadFilter, $first: Int, $after: String, $last: Int, $before: String) {
    payloads(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
      nodes {
        id
        requestId
        orgId
        startedAt
        duration
        verdict {
          state
          sentence
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`);

const choices: { state: VerdictState | null; text: string }[] = [
  { state: null, text: 'All' },
  { state: 'FAILED', text: 'Failed' },
  { state: 'STALLED', text: 'Stalled' },
  { state: 'IN_PROGRESS', text: 'In progress' },
  { state: 'SUCCEEDED', text: 'Succeeded' },
];

// A page behind the first stands still: its cursor says which moment it shows.
const always = () => true;
const never = () => false;

/** The newest payloads and what became of each; the first page follows what comes in. */
export default function PayloadsPage() {
  const [search, setSearch] = useSearchParams();
  const state = choices.find((choice) => choice.state === search.get('verdict'))?.state ?? null;
  const after = search.get('after');
  const before = search.get('before');
  const polled = usePolled(
    newestPayloads,
    {
      filter: state ? { verdict: { in: [state] } } : null,
      ...(before ? { last: pageSize, before } : { first: pageSize, after }),
    },
    5000,
    after || before ? always : never,
  );

  function go(change: { verdict?: string | null; after?: string | null; before?: string | null }) {
    const kept = { verdict: state, ...change };
    setSearch(Object.entries(kept).filter((entry): entry is [string, string] => Boolean(entry[1])));
    document.getElementById('content')?.scrollTo(0, 0);
  }

  return (
    <>
      <title>Payloads · Payload Tracker</title>
      <div className="pt-heading">
        <div>
          <Title headingLevel="h1">Payloads</Title>
          <p className="pt-subtle">{after || before ? 'Older ones, newest first' : 'Newest first, as they come in'}</p>
        </div>
        <ToggleGroup aria-label="Verdict" isCompact>
          {choices.map((choice) => (
            <ToggleGroupItem
              key={choice.text}
              text={choice.text}
              isSelected={choice.state === state}
              onChange={() => go({ verdict: choice.state })}
            />
          ))}
        </ToggleGroup>
      </div>
      <OutOfDate error={polled.data && polled.error} at={polled.at} />
      <List polled={polled} filtered={state !== null} go={go} />
    </>
  );
}

interface ListProps {
  polled: ReturnType<typeof usePolled<NewestPayloadsQuery, object>>;
  filtered: boolean;
  go: (change: { after?: string | null; before?: string | null }) => void;
}

function List({ polled, filtered, go }: ListProps) {
  const { data, error, stale, askAgain } = polled;
  if (!data) return error ? <Failed error={error} askAgain={askAgain} /> : <LoadingPage rows={12} />;
  if (error && stale) return <Failed error={error} askAgain={askAgain} />;
  const { nodes, pageInfo } = data.payloads;
  if (nodes.length === 0) {
    return filtered ? (
      <Message title="No payload has this verdict">They appear here as soon as one has.</Message>
    ) : (
      <Message title="No payload yet">The first status event that comes in appears here by itself.</Message>
    );
  }
  return (
    <>
      <PayloadTable payloads={nodes} label="Newest payloads" stale={stale} />
      <nav aria-label="Pages of payloads" className="pt-paging">
        {pageInfo.hasPreviousPage && (
          <Button variant="link" onClick={() => go({})}>
            Newest
          </Button>
        )}
        <Button
          variant="secondary"
          icon={<AngleLeftIcon />}
          isDisabled={!pageInfo.hasPreviousPage}
          onClick={() => go({ before: pageInfo.startCursor })}
        >
          Newer
        </Button>
        <Button
          variant="secondary"
          icon={<AngleRightIcon />}
          iconPosition="end"
          isDisabled={!pageInfo.hasNextPage}
          onClick={() => go({ after: pageInfo.endCursor })}
        >
          Older
        </Button>
      </nav>
    </>
  );
}
