import './failures/failures.css';
import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import type { FailuresQuery } from '../gql/graphql';
import { toFailureFilter } from '../lib/failures';
import { failureFields, withOneEach } from '../lib/filter';
import { formatCount } from '../lib/numbers';
import { always, once, type Polled, usePolled } from '../lib/polling';
import { count } from '../lib/sentence';
import { isOpen, toWindow } from '../lib/window';
import { LoadingPage } from '../parts/LoadingPage';
import { sizeOf, withSize } from '../parts/list/address';
import { FilterBar } from '../parts/list/FilterBar';
import { PageSize } from '../parts/list/PageSize';
import { SortSelect } from '../parts/list/SortSelect';
import { Failed, Message, OutOfDate } from '../parts/Message';
import { type NumbersAddress, useNumbersAddress } from '../parts/numbers/address';
import { WindowChoice } from '../parts/numbers/WindowChoice';
import { Time } from '../parts/Time';
import { FailureTable, failureSorts, sortGroups } from './failures/FailureTable';
import { failuresQuery } from './failures/query';

const usualSort = '-total';

/** The API gives no more kinds than these. */
const most = 500;

/** Why uploads fail in a time: one row a kind of failure. */
export default function FailuresPage() {
  const all = useNumbersAddress(failureFields, usualSort);
  const address: NumbersAddress = { ...all, go: (next) => all.go(withOneEach(['fingerprint'], next)) };
  const { stretch, conditions, sorting } = address;
  const polled = usePolled(
    failuresQuery,
    { window: toWindow(stretch), filter: toFailureFilter(conditions) },
    15_000,
    isOpen(stretch) ? always : once,
  );
  const groups = polled.data?.failures ?? [];

  return (
    <>
      <title>Failures · Payload Tracker</title>
      <div className="pt-heading">
        <div>
          <Title headingLevel="h1">Failures</Title>
          <p className="pt-subtle" aria-live="polite">
            <Counted polled={polled} />
          </p>
        </div>
        <WindowChoice stretch={stretch} choose={address.choose} />
      </div>
      <div className="pt-failure-bar">
        <FilterBar
          list={address}
          known={{
            service: distinct(groups.map(({ service }) => service)),
            source: distinct(groups.map(({ source }) => source)),
          }}
        />
        <SortSelect sorts={failureSorts} sorting={sorting} />
      </div>
      <OutOfDate error={polled.data && polled.error} at={polled.at} />
      <Kinds polled={polled} address={address} />
    </>
  );
}

const distinct = (values: (string | null)[]) => [...new Set(values.filter((value) => value !== null))].sort();

function Counted({ polled: { data, stale } }: { polled: Polled<FailuresQuery> }) {
  const begin = data?.failures[0]?.trend[0]?.at;
  if (!data || !begin || stale) return 'why uploads fail, by kind';
  const failed = data.failures.reduce((sum, { total }) => sum + total, 0);
  return (
    <>
      {data.failures.length === most ? `the ${most} most frequent kinds` : count(data.failures.length, 'kind')} ·{' '}
      {count(failed, 'failure')} since <Time at={begin} named />
    </>
  );
}

function Kinds({ polled, address }: { polled: Polled<FailuresQuery>; address: NumbersAddress }) {
  const { data, error, stale, askAgain } = polled;
  if (!data) return error ? <Failed error={error} askAgain={askAgain} /> : <LoadingPage rows={12} />;
  const groups = sortGroups(data.failures, address.sorting.sort);
  if (groups.length === 0) {
    return address.conditions.length > 0 ? (
      <Message title="No failure matches">Take a filter away, or choose a longer time.</Message>
    ) : (
      <Message title="Nothing failed in this time">What fails appears here by itself, by its kind.</Message>
    );
  }
  const size = sizeOf(address.search);
  return (
    <>
      <FailureTable groups={groups.slice(0, size)} address={address} sorting={address.sorting} stale={stale} />
      <div className="pt-paging">
        <p className="pt-subtle pt-explained">
          A payload that was retried with success has failed, and fails no longer. The share is that of the payloads
          that came to the service.
        </p>
        {groups.length > size && (
          <span className="pt-shown">
            {formatCount(size)} of {count(groups.length, 'kind')} shown
          </span>
        )}
        <PageSize size={size} change={(next) => address.go(withSize(address.search, next))} />
      </div>
    </>
  );
}
