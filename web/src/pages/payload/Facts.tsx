import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import type { ReactNode } from 'react';
import { formatDuration } from '../../lib/duration';
import { CopyButton } from '../../parts/CopyButton';
import { Identifier } from '../../parts/Identifier';
import { Ago, Time } from '../../parts/Time';
import { ValueLink } from '../../parts/ValueLink';
import type { FullPayload } from './query';

/** Whose the payload is, and when it was. A click on a value lists the payloads that share it. */
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
          <Shared field="orgId" value={payload.orgId} what="organisation" />
        </Fact>
        <Fact name="Account">
          <Shared field="account" value={payload.account} what="account" />
        </Fact>
        <Fact name="Inventory">
          <Shared field="inventoryId" value={payload.inventoryId} what="inventory id" />
        </Fact>
        <Fact name="System">
          <Shared field="systemId" value={payload.systemId} what="system id" />
        </Fact>
        <Fact name="Started">
          <Moment at={payload.startedAt} />
        </Fact>
        <Fact name="Newest event">
          <Moment at={payload.updatedAt} />
        </Fact>
        <Fact name="First taken in">
          <Moment at={payload.takenInAt} />
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

function Moment({ at }: { at: string }) {
  return (
    <>
      <Time at={at} exactly named /> <Ago at={at} />
    </>
  );
}

/** A value that other payloads may have too. */
export function Shared({ field, value, what }: { field: string; value: string | null | undefined; what: string }) {
  if (!value) return <span className="pt-none">–</span>;
  return (
    <span className="pt-identifier">
      <span className="pt-mono">
        <ValueLink list="/payloads" field={field} value={value} what={`the ${what}`} />
      </span>
      <CopyButton text={value} what={what} />
    </span>
  );
}
