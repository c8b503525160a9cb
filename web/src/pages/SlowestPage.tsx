import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { graphql } from '../gql';
import type { SlowestPayloadsQuery } from '../gql/graphql';
import { slowestFields, withOneEach } from '../lib/filter';
import { always, once, type Polled, usePolled } from '../lib/polling';
import { isOpen, toWindow } from '../lib/window';
import { LoadingPage } from '../parts/LoadingPage';
import { sizeOf, withSize } from '../parts/list/address';
import { FilterBar } from '../parts/list/FilterBar';
import { PageSize } from '../parts/list/PageSize';
import { Views } from '../parts/list/Views';
import { Failed, Message, OutOfDate } from '../parts/Message';
import { type NumbersAddress, useNumbersAddress } from '../parts/numbers/address';
import { WindowChoice } from '../parts/numbers/WindowChoice';
import { PayloadTable } from '../parts/PayloadTable';

const slowestQuery = graphql(`
  query SlowestPayloads($window: Window!, $service: String, $orgId: String, $first: Int) {
    slowest(window: $window, service: $service, orgId: $orgId, first: $first) {
      nodes {
        ...ListedPayload
      }
    }
  }
`);

const names = slowestFields.map(({ name }) => name);

/** The payloads that took longest of all that began in a time. */
export default function SlowestPage() {
  const all = useNumbersAddress(slowestFields, '');
  const address: NumbersAddress = { ...all, go: (next) => all.go(withOneEach(names, next)) };
  const { stretch, search } = address;
  const size = sizeOf(search);
  const polled = usePolled(
    slowestQuery,
    { window: toWindow(stretch), service: search.get('service'), orgId: search.get('orgId'), first: size },
    30_000,
    isOpen(stretch) ? always : once,
  );

  return (
    <>
      <title>Slowest · Payload Tracker</title>
      <div className="pt-heading">
        <div>
          <Title headingLevel="h1">Slowest payloads</Title>
          <p className="pt-subtle">from their first event to their newest, of those that began in this time</p>
        </div>
        <WindowChoice stretch={stretch} choose={address.choose} />
      </div>
      <Views kind={{ path: '/payloads', noun: 'payload' }} />
      <FilterBar list={address} known={{}} />
      <OutOfDate error={polled.data && polled.error} at={polled.at} />
      <List polled={polled} filtered={address.conditions.length > 0} />
      <div className="pt-paging">
        <PageSize size={size} change={(next) => address.go(withSize(search, next))} />
      </div>
    </>
  );
}

function List({ polled, filtered }: { polled: Polled<SlowestPayloadsQuery>; filtered: boolean }) {
  const { data, error, stale, askAgain } = polled;
  if (!data) return error ? <Failed error={error} askAgain={askAgain} /> : <LoadingPage rows={12} />;
  const { nodes } = data.slowest;
  if (nodes.length === 0) {
    return (
      <Message title="No payload began in this time">
        {filtered ? 'Take a filter away, or choose a longer time.' : 'Choose a longer time.'}
      </Message>
    );
  }
  return (
    <PayloadTable
      payloads={nodes}
      label="Slowest payloads"
      shown={['verdict', 'payload', 'org', 'started', 'duration']}
      stale={stale}
    />
  );
}
