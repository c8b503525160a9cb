import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import { Link } from 'react-router';
import { formatDuration } from '../../lib/duration';
import { levelOf } from '../../lib/flow';
import { formatCount, formatShare, shareOf } from '../../lib/numbers';
import { count } from '../../lib/sentence';
import type { NumbersAddress } from '../../parts/numbers/address';
import { payloadsAddress } from '../../parts/numbers/payloads';
import type { FlowEdge, FlowNode } from './query';

const none = <span className="pt-none">–</span>;

/** The ways in words, the most travelled first. */
export function WayTable({ edges, address }: { edges: FlowEdge[]; address: NumbersAddress }) {
  return (
    <section aria-labelledby="ways" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="ways">
        From service to service{' '}
        <span className="pt-subtle">{count(edges.length, 'way')}, the most travelled first</span>
      </Title>
      <Table aria-label="Ways" variant="compact" gridBreakPoint="grid-lg" className="pt-table pt-numbers">
        <Thead>
          <Tr>
            <Th modifier="nowrap">Way</Th>
            <Th modifier="nowrap">Payloads</Th>
            <Th modifier="nowrap">Failed there</Th>
            <Th modifier="nowrap">Handed over, p50</Th>
            <Th modifier="nowrap">Handed over, p95</Th>
          </Tr>
        </Thead>
        <Tbody>
          {edges
            .toSorted((a, b) => b.payloads - a.payloads)
            .map((edge) => (
              <Tr key={`${edge.from} ${edge.to}`}>
                <Td dataLabel="Way">
                  {edge.from === edge.to ? (
                    <>
                      <strong>{edge.to}</strong> again
                    </>
                  ) : (
                    <>
                      {edge.from} to <strong>{edge.to}</strong>
                    </>
                  )}
                </Td>
                <Td dataLabel="Payloads">
                  <Link
                    to={payloadsAddress(address, edge.to, null)}
                    className="pt-value"
                    title={`Payloads that came to ${edge.to}`}
                  >
                    {formatCount(edge.payloads)}
                  </Link>
                </Td>
                <Td dataLabel="Failed there">
                  <FailedThere {...edge} service={edge.to} address={address} />
                </Td>
                <Td dataLabel="Handed over, p50">{edge.handover ? formatDuration(edge.handover.p50) : none}</Td>
                <Td dataLabel="Handed over, p95">{edge.handover ? formatDuration(edge.handover.p95) : none}</Td>
              </Tr>
            ))}
        </Tbody>
      </Table>
    </section>
  );
}

/** The services in words. */
export function StationTable({
  nodes,
  edges,
  address,
}: {
  nodes: FlowNode[];
  edges: FlowEdge[];
  address: NumbersAddress;
}) {
  return (
    <section aria-labelledby="stations" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="stations">
        Services <span className="pt-subtle">{count(nodes.length, 'service')}, the busiest first</span>
      </Title>
      <Table aria-label="Services" variant="compact" gridBreakPoint="grid-lg" className="pt-table pt-numbers">
        <Thead>
          <Tr>
            <Th modifier="nowrap">Service</Th>
            <Th modifier="nowrap">Payloads</Th>
            <Th modifier="nowrap">Began here</Th>
            <Th modifier="nowrap">Failed there</Th>
          </Tr>
        </Thead>
        <Tbody>
          {nodes
            .toSorted((a, b) => b.payloads - a.payloads)
            .map((node) => (
              <Tr key={node.service}>
                <Td dataLabel="Service" className="pt-service">
                  <strong>{node.service}</strong>
                </Td>
                <Td dataLabel="Payloads">
                  <Link to={payloadsAddress(address, node.service, null)} className="pt-value">
                    {formatCount(node.payloads)}
                  </Link>
                </Td>
                <Td dataLabel="Began here">{formatCount(beganAt(node, edges))}</Td>
                <Td dataLabel="Failed there">
                  <FailedThere {...node} address={address} />
                </Td>
              </Tr>
            ))}
        </Tbody>
      </Table>
    </section>
  );
}

/** Those that no other service handed over. */
function beganAt(node: FlowNode, edges: FlowEdge[]): number {
  const came = edges.filter(({ to }) => to === node.service).reduce((sum, { payloads }) => sum + payloads, 0);
  return Math.max(node.payloads - came, 0);
}

interface FailedThereProps {
  service: string;
  payloads: number;
  failed: number;
  address: NumbersAddress;
}

function FailedThere({ service, payloads, failed, address }: FailedThereProps) {
  const share = shareOf(failed, payloads);
  if (failed === 0 || share === null) return <span className="pt-plain-number">0</span>;
  return (
    <Link
      to={payloadsAddress(address, service, 'failed')}
      className={levelOf({ payloads, failed }) === 'few' ? 'pt-value' : 'pt-value pt-worse'}
      title={`Payloads that failed in ${service}`}
    >
      {formatCount(failed)} ({formatShare(share)})
    </Link>
  );
}
