import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Link } from 'react-router';
import { Identifier } from '../../parts/Identifier';
import type { FullPayload } from '../PayloadPage';

/** Every host that an event of this payload named. */
export function Hosts({ hosts, more }: { hosts: FullPayload['hosts']['nodes']; more: boolean }) {
  return (
    <section aria-labelledby="hosts" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="hosts">
        Hosts
      </Title>
      {hosts.length === 0 ? (
        <p className="pt-subtle">No event has named a host yet.</p>
      ) : (
        <ul className="pt-hosts">
          {hosts.map((host) => (
            <li key={`${host.inventoryId} ${host.systemId}`}>
              <HostId name="Inventory" value={host.inventoryId} />
              <HostId name="System" value={host.systemId} />
            </li>
          ))}
        </ul>
      )}
      {more && <p className="pt-subtle">These are the first {hosts.length}; there are more.</p>}
    </section>
  );
}

function HostId({ name, value }: { name: string; value: string | null | undefined }) {
  if (!value) return null;
  return (
    <div className="pt-host-id">
      <span className="pt-subtle">{name}</span>
      <Identifier value={value} what={`${name.toLowerCase()} id`} />
      <Link to={`/find?id=${encodeURIComponent(value)}`}>All its payloads</Link>
    </div>
  );
}
