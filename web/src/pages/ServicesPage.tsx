import './services/services.css';
import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import type { NumbersFilter, ServicesQuery } from '../gql/graphql';
import { numbersFields, toFilter } from '../lib/filter';
import { always, once, type Polled, usePolled } from '../lib/polling';
import { count } from '../lib/sentence';
import { isOpen, toWindow } from '../lib/window';
import { LoadingPage } from '../parts/LoadingPage';
import { FilterBar } from '../parts/list/FilterBar';
import { SortSelect } from '../parts/list/SortSelect';
import { Failed, Message, OutOfDate } from '../parts/Message';
import { type NumbersAddress, useNumbersAddress } from '../parts/numbers/address';
import { WindowChoice } from '../parts/numbers/WindowChoice';
import { Time } from '../parts/Time';
import { Opened } from './services/Opened';
import { servicesQuery } from './services/query';
import { ServiceTable, serviceSort, serviceSorts } from './services/ServiceTable';

/** How each service did in a time, against the time before; one of them opened shows when, and its slowest payloads. */
export default function ServicesPage() {
  const address = useNumbersAddress(numbersFields, serviceSort);
  const { stretch, conditions, open } = address;
  const filter = toFilter<NumbersFilter>(conditions);
  const polled = usePolled(
    servicesQuery,
    { window: toWindow(stretch), filter },
    15_000,
    isOpen(stretch) ? always : once,
  );
  const services = polled.data?.services ?? [];

  return (
    <>
      <title>{`${open ?? 'Services'} · Payload Tracker`}</title>
      <div className="pt-heading">
        <div>
          <Title headingLevel="h1">Services</Title>
          <p className="pt-subtle" aria-live="polite">
            <Counted polled={polled} />
          </p>
        </div>
        <div className="pt-actions">
          {open === null && (
            <span className="pt-narrow">
              <SortSelect sorts={serviceSorts} sorting={address.sorting} />
            </span>
          )}
          <WindowChoice stretch={stretch} choose={address.choose} />
        </div>
      </div>
      <FilterBar list={address} known={{ service: services.map(({ name }) => name) }} />
      <OutOfDate error={polled.data && polled.error} at={polled.at} />
      <Numbers polled={polled} address={address} />
    </>
  );
}

/** How many services there are, and from when on payloads count: windows are widened to whole buckets. */
function Counted({ polled: { data, stale } }: { polled: Polled<ServicesQuery> }) {
  const begin = data?.services[0]?.trend[0]?.at;
  if (!data || !begin || stale) return 'how they did, against the time before';
  return (
    <>
      {count(data.services.length, 'service')} · payloads that came since <Time at={begin} named />
    </>
  );
}

function Numbers({ polled, address }: { polled: Polled<ServicesQuery>; address: NumbersAddress }) {
  const { data, error, stale, askAgain } = polled;
  if (!data) return error ? <Failed error={error} askAgain={askAgain} /> : <LoadingPage rows={10} />;
  if (address.open !== null) {
    return <Opened key={address.open} services={data.services} name={address.open} address={address} stale={stale} />;
  }
  if (data.services.length === 0) {
    return address.conditions.length > 0 ? (
      <Message title="No service matches">Take a filter away, or choose a longer time.</Message>
    ) : (
      <Message title="No payload in this time">Choose a longer time, or wait: what comes in is counted here.</Message>
    );
  }
  return <ServiceTable services={data.services} address={address} stale={stale} />;
}
