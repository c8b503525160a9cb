import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import type { ReactNode } from 'react';
import { formatDuration } from '../../lib/duration';
import { Identifier } from '../../parts/Identifier';
import { Time } from '../../parts/Time';
import type { FullPayload } from '../PayloadPage';

/** Whose the payload is, and when it was. */
export function Facts({ payload }: { payload: FullPayload }) {
  return (
    <section aria-labelledby="identifiers" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="identifiers">
        Identifiers
      </Title>
      <dl className="pt-facts">
        <Fact name="Request">
          <Identifier value={payload.requestId} what="request id" />
        </Fact>
        <Fact name="Organisation">
          <Identifier value={payload.orgId} what="organisation" />
        </Fact>
        <Fact name="Account">
          <Identifier value={payload.account} what="account" />
        </Fact>
        <Fact name="Inventory">
          <Identifier value={payload.inventoryId} what="inventory id" />
        </Fact>
        <Fact name="System">
          <Identifier value={payload.systemId} what="system id" />
        </Fact>
        <Fact name="Started">
          <Time at={payload.startedAt} exactly /> UTC
        </Fact>
        <Fact name="Newest event">
          <Time at={payload.updatedAt} exactly /> UTC
        </Fact>
        <Fact name="Duration">{formatDuration(payload.duration)}</Fact>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
