import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Link } from 'react-router';
import type { NumbersFilter } from '../../gql/graphql';
import { formatDuration } from '../../lib/duration';
import { toFilter } from '../../lib/filter';
import { changeOf, changeOfDuration, changeOfShare, formatCount, formatShare } from '../../lib/numbers';
import { always, once, usePolled } from '../../lib/polling';
import { isOpen, lengthOf, toWindow } from '../../lib/window';
import { LoadingPage } from '../../parts/LoadingPage';
import { Failed, Message } from '../../parts/Message';
import type { NumbersAddress } from '../../parts/numbers/address';
import { Figure } from '../../parts/numbers/Figure';
import { payloadsAddress } from '../../parts/numbers/payloads';
import { PayloadTable } from '../../parts/PayloadTable';
import { type ServiceNumbers, slowestQuery, trendQuery } from './query';
import type { TrendPoint } from './steps';
import { Trend } from './Trend';
import { TrendTable } from './TrendTable';

interface OpenedProps {
  services: ServiceNumbers[];
  name: string;
  address: NumbersAddress;
  stale: boolean;
}

/** One service: its numbers, how they came about over time, and the payloads that took longest. */
export function Opened({ services, name, address, stale }: OpenedProps) {
  const service = services.find((one) => one.name === name);
  return (
    <div className={stale ? 'pt-stale' : ''}>
      <p className="pt-way-back">
        <Link to={address.opening(null)}>All services</Link>
      </p>
      {service ? (
        <Service service={service} address={address} />
      ) : (
        <Message title={`Nothing came to ${name}`}>
          Neither in this time nor in the one before it. Choose a longer time, or take a filter away.
        </Message>
      )}
    </div>
  );
}

function Service({ service, address }: { service: ServiceNumbers; address: NumbersAddress }) {
  const { name, trend } = service;
  const before = useBefore(service, address);
  return (
    <>
      <section aria-labelledby="opened" className="pt-panel">
        <Title headingLevel="h2" id="opened" className="pt-break">
          {name}
        </Title>
        <Figures service={service} address={address} />
        <Trend points={trend} before={before} />
      </section>
      <SlowestPayloads name={name} address={address} />
      <TrendTable service={name} points={trend} before={before} />
    </>
  );
}

/** The trend of the window before, of the same length; empty while it is not known. */
function useBefore({ name, trend }: ServiceNumbers, { stretch, conditions }: NumbersAddress): TrendPoint[] {
  const to = trend[0]?.at ?? '';
  const from = new Date(Date.parse(to) - (lengthOf(stretch) ?? 0)).toISOString();
  const others = conditions.filter(({ field }) => field !== 'service');
  const filter = toFilter<NumbersFilter>([...others, { field: 'service', op: 'is', value: name }]);
  const { data } = usePolled(trendQuery, { window: { from, to }, filter }, 60_000, once);
  return data?.services[0]?.trend ?? [];
}

function Figures({ service, address }: { service: ServiceNumbers; address: NumbersAddress }) {
  const { before, duration, name } = service;
  return (
    <dl className="pt-figures">
      <Figure
        name="Received"
        value={<Link to={payloadsAddress(address, name, null)}>{formatCount(service.received)}</Link>}
        change={changeOf(service.received, before.received)}
      />
      <Figure
        name="Success rate"
        value={service.successRate == null ? '–' : formatShare(service.successRate)}
        change={changeOfShare(service.successRate, before.successRate)}
        bad="down"
      />
      <Figure
        name="Failed"
        value={<Link to={payloadsAddress(address, name, 'failed')}>{formatCount(service.failed)}</Link>}
        change={changeOf(service.failed, before.failed)}
      />
      <Figure name="Open" value={formatCount(service.open)} />
      <Figure name="Retried with success" value={formatCount(service.retried)} />
      {(['p50', 'p95', 'p99'] as const).map((one) => (
        <Figure
          key={one}
          name={`Time taken, ${one}`}
          value={formatDuration(duration?.[one])}
          change={changeOfDuration(duration?.[one], before.duration?.[one])}
          bad="up"
        />
      ))}
    </dl>
  );
}

function SlowestPayloads({ name, address }: { name: string; address: NumbersAddress }) {
  const orgs = address.conditions.filter(({ field }) => field === 'orgId');
  return (
    <section aria-labelledby="slowest" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="slowest">
        Slowest payloads <span className="pt-subtle">that began in this time and came here, by their whole way</span>
      </Title>
      {orgs.length > 1 ? (
        <p>Choose one organisation, or all, to see them.</p>
      ) : (
        <SlowestTable name={name} orgId={orgs[0]?.value ?? null} address={address} />
      )}
    </section>
  );
}

function SlowestTable({ name, orgId, address }: { name: string; orgId: string | null; address: NumbersAddress }) {
  const { stretch } = address;
  const variables = { window: toWindow(stretch), service: name, orgId };
  const { data, error, stale, askAgain } = usePolled(slowestQuery, variables, 30_000, isOpen(stretch) ? always : once);
  if (!data) return error ? <Failed error={error} askAgain={askAgain} /> : <LoadingPage rows={5} />;
  if (data.slowest.nodes.length === 0) return <p>No payload that came here began in this time.</p>;
  return (
    <PayloadTable
      payloads={data.slowest.nodes}
      label={`Slowest payloads of ${name}`}
      shown={['verdict', 'payload', 'org', 'started', 'duration']}
      stale={stale}
    />
  );
}
