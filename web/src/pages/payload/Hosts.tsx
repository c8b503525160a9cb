import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { useState } from 'react';
import { always, once, usePolled } from '../../lib/polling';
import { Shared } from './Facts';
import { type FullPayload, hostsQuery } from './query';

type HostList = FullPayload['hosts'];

/** Every host that an event of this payload named: the first ones, and all when asked for. */
export function Hosts({ payload }: { payload: FullPayload }) {
  const [all, setAll] = useState(false);
  const { hosts } = payload;
  return (
    <section aria-labelledby="hosts" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="hosts">
        Hosts
      </Title>
      {hosts.nodes.length === 0 && <p className="pt-subtle">No event has named a host yet.</p>}
      {all ? <AllHosts payload={payload} /> : <List hosts={hosts} />}
      {hosts.pageInfo.hasNextPage && !all && (
        <Button variant="link" isInline onClick={() => setAll(true)}>
          Show more hosts
        </Button>
      )}
    </section>
  );
}

function AllHosts({ payload }: { payload: FullPayload }) {
  const { data } = usePolled(hostsQuery, { id: payload.requestId }, 5000, payload.verdict.final ? once : always);
  const hosts = data?.payload?.hosts ?? payload.hosts;
  return (
    <>
      <List hosts={hosts} />
      {hosts.pageInfo.hasNextPage && <p className="pt-subtle">These are the first {hosts.nodes.length}.</p>}
    </>
  );
}

function List({ hosts }: { hosts: HostList }) {
  if (hosts.nodes.length === 0) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <ul className="pt-hosts" aria-labelledby="hosts" tabIndex={0}>
      {hosts.nodes.map((host) => (
        <li key={`${host.inventoryId} ${host.systemId}`}>
          <HostId name="Inventory" field="inventoryId" value={host.inventoryId} />
          <HostId name="System" field="systemId" value={host.systemId} />
        </li>
      ))}
    </ul>
  );
}

function HostId({ name, field, value }: { name: string; field: string; value: string | null | undefined }) {
  if (!value) return null;
  return (
    <div className="pt-host-id">
      <span className="pt-subtle">{name}</span>
      <Shared field={field} value={value} what={`${name.toLowerCase()} id`} />
    </div>
  );
}
