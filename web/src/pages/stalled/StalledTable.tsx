import { Label } from '@patternfly/react-core/dist/esm/components/Label';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { graphql } from '../../gql';
import type { StalledPayloadFragment } from '../../gql/graphql';
import { formatMilliseconds } from '../../lib/duration';
import { asSentence, count } from '../../lib/sentence';
import { useNow } from '../../lib/ticker';
import { Identifier } from '../../parts/Identifier';
import { type Sorting, sortProps } from '../../parts/list/sorting';
import { Ago, Time, useTimeLabel } from '../../parts/Time';
import { ValueLink } from '../../parts/ValueLink';
import { StageLabel } from '../../parts/VerdictLabel';

graphql(`
  fragment StalledPayload on Payload {
    id
    requestId
    orgId
    startedAt
    verdict {
      sentence
      servicesPassed
      quietSince
      waitsFor {
        service
        after
      }
    }
    stages {
      service
      source
      state
    }
  }
`);

interface StalledTableProps {
  payloads: StalledPayloadFragment[];
  sorting: Sorting;
  stale: boolean;
}

/** Stalled payloads, a row each: how long nothing was heard, and of whom. */
export function StalledTable({ payloads, sorting, stale }: StalledTableProps) {
  const [quiet, started] = [useTimeLabel('Quiet since'), useTimeLabel('Started')];
  return (
    <div className="pt-scroll">
      <Table
        aria-label="Stalled payloads"
        variant="compact"
        gridBreakPoint="grid-lg"
        className={stale ? 'pt-table pt-stale' : 'pt-table'}
      >
        <Thead>
          <Tr>
            <Th modifier="nowrap" className="pt-column-wide">
              Payload
            </Th>
            <Th modifier="nowrap">Waits for</Th>
            <Th modifier="nowrap" sort={sortProps(sorting, 'quietSince')}>
              {quiet}
            </Th>
            <Th modifier="nowrap">Passed</Th>
            <Th modifier="nowrap">Organisation</Th>
            <Th modifier="nowrap" sort={sortProps(sorting, 'startedAt')}>
              {started}
            </Th>
          </Tr>
        </Thead>
        <Tbody>
          {payloads.map((payload) => (
            <Row key={payload.id} payload={payload} quiet={quiet} started={started} />
          ))}
        </Tbody>
      </Table>
    </div>
  );
}

function Row({ payload, quiet, started }: { payload: StalledPayloadFragment; quiet: string; started: string }) {
  const { requestId, orgId, startedAt, verdict } = payload;
  return (
    <Tr>
      <Td dataLabel="Payload" className="pt-plain-cell">
        <Link to={`/payloads/${requestId}`} className="pt-sentence">
          {asSentence(verdict.sentence)}
        </Link>
        <span className="pt-request">
          <Identifier value={requestId} what="request id" />
        </span>
      </Td>
      <Td dataLabel="Waits for">
        <ul className="pt-waits">{verdict.waitsFor.map((wait) => waitOf(wait, payload.stages))}</ul>
      </Td>
      <Td dataLabel={quiet}>
        <QuietFor since={verdict.quietSince} />
      </Td>
      <Td dataLabel="Passed" modifier="nowrap">
        {count(verdict.servicesPassed, 'service')}
      </Td>
      <Td dataLabel="Organisation">
        {orgId ? <ValueLink list="/stalled" field="orgId" value={orgId} what="the organisation" /> : none}
      </Td>
      <Td dataLabel={started}>
        <Time at={startedAt} />
        <Ago at={startedAt} />
      </Td>
    </Tr>
  );
}

const none = <span className="pt-none">–</span>;

/** How long nothing was heard; it ticks. */
function QuietFor({ since }: { since: string }) {
  const now = useNow();
  return (
    <>
      <strong className="pt-number">{formatMilliseconds(Math.max(now - Date.parse(since), 0))}</strong>
      <span className="pt-second-line">
        <Time at={since} />
      </span>
    </>
  );
}

type Wait = StalledPayloadFragment['verdict']['waitsFor'][number];

/** A service that has begun, and in which state it was left; or one that has not taken over. */
function waitOf({ service, after }: Wait, stages: StalledPayloadFragment['stages']): ReactNode {
  if (after) {
    return (
      <li key={service}>
        <strong>{service}</strong>
        <Label isCompact variant="outline" status="warning">
          Not taken over
        </Label>
        <span className="pt-subtle">after {after}</span>
      </li>
    );
  }
  const open = stages.filter(
    (stage) => stage.service === service && (stage.state === 'RECEIVED' || stage.state === 'PROCESSING'),
  );
  return (
    <li key={service}>
      <ValueLink list="/stalled" field="service" value={service} what="the service">
        <strong>{service}</strong>
      </ValueLink>
      {open.map(({ source, state }) => (
        <span key={source}>
          <StageLabel state={state} /> {source && <span className="pt-subtle">{source}</span>}
        </span>
      ))}
    </li>
  );
}
