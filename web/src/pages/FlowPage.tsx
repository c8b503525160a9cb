import './flow/flow.css';
import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { ToggleGroup, ToggleGroupItem } from '@patternfly/react-core/dist/esm/components/ToggleGroup';
import { useMemo } from 'react';
import type { FlowQuery, NumbersFilter } from '../gql/graphql';
import { flowFields, toFilter } from '../lib/filter';
import { everyService, mainFlow } from '../lib/flow';
import { always, once, type Polled, usePolled } from '../lib/polling';
import { count } from '../lib/sentence';
import { isOpen, toWindow } from '../lib/window';
import { LoadingPage } from '../parts/LoadingPage';
import { FilterBar } from '../parts/list/FilterBar';
import { Failed, Message, OutOfDate } from '../parts/Message';
import { type NumbersAddress, useNumbersAddress } from '../parts/numbers/address';
import { WindowChoice } from '../parts/numbers/WindowChoice';
import { Time } from '../parts/Time';
import { FlowMap } from './flow/FlowMap';
import { StationTable, WayTable } from './flow/FlowTables';
import { type FlowEdge, type FlowNode, flowQuery } from './flow/query';

/** The way payloads take from service to service: where they come through, where they wait, where they fail. */
export default function FlowPage() {
  const address = useNumbersAddress(flowFields, '');
  const { stretch, conditions } = address;
  const filter = toFilter<NumbersFilter>(conditions);
  const polled = usePolled(flowQuery, { window: toWindow(stretch), filter }, 15_000, isOpen(stretch) ? always : once);
  const { nodes, edges } = polled.data?.flow ?? { nodes: [], edges: [] };
  return (
    <>
      <title>Flow · Payload Tracker</title>
      <div className="pt-heading">
        <div>
          <Title headingLevel="h1">Flow</Title>
          <p className="pt-subtle" aria-live="polite">
            {polled.data && !polled.stale && (
              <>
                {count(everyService(nodes, edges).length, 'service')}, {count(edges.length, 'way')} between them ·{' '}
              </>
            )}
            {polled.at ? (
              <>
                as of <Time at={polled.at.toISOString()} named />
              </>
            ) : (
              'the ways payloads take from service to service'
            )}
          </p>
        </div>
        <WindowChoice stretch={stretch} choose={address.choose} />
      </div>
      <FilterBar list={address} known={{ service: everyService(nodes, edges) }} />
      <OutOfDate error={polled.data && polled.error} at={polled.at} />
      <Ways polled={polled} address={address} />
    </>
  );
}

function Ways({ polled, address }: { polled: Polled<FlowQuery>; address: NumbersAddress }) {
  const { data, error, stale, askAgain } = polled;
  if (!data) return error ? <Failed error={error} askAgain={askAgain} /> : <LoadingPage rows={10} />;
  const { nodes, edges } = data.flow;
  if (nodes.length === 0) {
    return address.conditions.length > 0 ? (
      <Message title="No payload matches">Take a filter away, or choose a longer time.</Message>
    ) : (
      <Message title="No payload in this time">Choose a longer time, or wait: what comes in is counted here.</Message>
    );
  }
  return (
    <div className={stale ? 'pt-stale' : ''}>
      <MapPanel nodes={nodes} edges={edges} address={address} />
      <WayTable edges={edges} address={address} />
      <StationTable nodes={nodes} edges={edges} address={address} />
    </div>
  );
}

/** The map draws what says most unless all is asked for: of many services each is a hundred hairs. */
function MapPanel({ nodes, edges, address }: { nodes: FlowNode[]; edges: FlowEdge[]; address: NumbersAddress }) {
  const main = useMemo(() => mainFlow(nodes, edges), [nodes, edges]);
  const all = address.search.get('ways') === 'all';
  const left = edges.length - main.edges.length;
  const rare = nodes.length - main.nodes.length;
  return (
    <section aria-labelledby="map" className="pt-panel">
      <div className="pt-flow-bar">
        <Title headingLevel="h2" size="lg" id="map">
          Map{' '}
          {!all && left + rare > 0 && (
            <span className="pt-subtle">
              without{' '}
              {[...(rare > 0 ? [count(rare, 'service')] : []), ...(left > 0 ? [count(left, 'way')] : [])].join(' and ')}{' '}
              of little traffic
            </span>
          )}
        </Title>
        {left + rare > 0 && (
          <ToggleGroup aria-label="Which ways are drawn">
            <ToggleGroupItem text="Main ways" isSelected={!all} onChange={() => address.set('ways', null)} />
            <ToggleGroupItem text="All" isSelected={all} onChange={() => address.set('ways', 'all')} />
          </ToggleGroup>
        )}
      </div>
      <FlowMap {...(all ? { nodes, edges } : main)} address={address} />
    </section>
  );
}
