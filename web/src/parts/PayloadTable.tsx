import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import { Link } from 'react-router';
import type { VerdictState } from '../gql/graphql';
import { formatDuration } from '../lib/duration';
import { asSentence } from '../lib/sentence';
import { Identifier } from './Identifier';
import { Time } from './Time';
import { VerdictLabel } from './VerdictLabel';

export interface ListedPayload {
  id: string;
  requestId: string;
  orgId?: string | null;
  startedAt: string;
  duration: string;
  verdict: { state: VerdictState; sentence: string };
}

/** Payloads, a row each: the verdict and its sentence first, since that is what one looks for. */
export function PayloadTable({
  payloads,
  label,
  stale = false,
}: {
  payloads: ListedPayload[];
  label: string;
  stale?: boolean;
}) {
  return (
    <Table
      aria-label={label}
      variant="compact"
      gridBreakPoint="grid-lg"
      className={stale ? 'pt-table pt-stale' : 'pt-table'}
    >
      <Thead>
        <Tr>
          <Th modifier="nowrap">Verdict</Th>
          <Th className="pt-column-wide">Payload</Th>
          <Th modifier="nowrap">Organisation</Th>
          <Th modifier="nowrap">Started (UTC)</Th>
          <Th modifier="nowrap">Duration</Th>
        </Tr>
      </Thead>
      <Tbody>
        {payloads.map((payload) => (
          <Tr key={payload.id}>
            <Td dataLabel="Verdict" className="pt-plain-cell">
              <VerdictLabel state={payload.verdict.state} />
            </Td>
            <Td dataLabel="Payload" className="pt-plain-cell">
              <Link to={`/payloads/${payload.requestId}`} className="pt-sentence">
                {asSentence(payload.verdict.sentence)}
              </Link>
              <span className="pt-request">
                <Identifier value={payload.requestId} what="request id" />
              </span>
            </Td>
            <Td dataLabel="Organisation">{payload.orgId ?? <span className="pt-none">–</span>}</Td>
            <Td dataLabel="Started (UTC)">
              <Time at={payload.startedAt} />
            </Td>
            <Td dataLabel="Duration" className="pt-number">
              {formatDuration(payload.duration)}
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
