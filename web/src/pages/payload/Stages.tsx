import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import { formatDuration } from '../../lib/duration';
import { count } from '../../lib/sentence';
import { FailureMessage } from '../../parts/FailureMessage';
import { Time } from '../../parts/Time';
import { StageLabel } from '../../parts/VerdictLabel';
import type { FullPayload } from '../PayloadPage';
import { StageBar } from './StageBar';

/** One row per service and source: how far it came, when, for how long, and why it failed. */
export function Stages({ stages }: { stages: FullPayload['stages'] }) {
  const from = Math.min(...stages.map((stage) => Date.parse(stage.startedAt)));
  const to = Math.max(...stages.map((stage) => Date.parse(stage.endedAt)));
  const anyFailed = stages.some((stage) => stage.failure);
  return (
    <section aria-labelledby="stages" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="stages">
        Stages <span className="pt-subtle">{count(stages.length, 'stage')}</span>
      </Title>
      <Table aria-label="Stages" variant="compact" gridBreakPoint="grid-lg" className="pt-table">
        <Thead>
          <Tr>
            <Th modifier="nowrap">Service</Th>
            <Th modifier="nowrap">State</Th>
            <Th modifier="nowrap">Started (UTC)</Th>
            <Th modifier="nowrap">Duration</Th>
            <Th modifier="nowrap" className={anyFailed ? '' : 'pt-column-wide'}>
              When
            </Th>
            {anyFailed && (
              <Th modifier="nowrap" className="pt-column-wide">
                Why it failed
              </Th>
            )}
          </Tr>
        </Thead>
        <Tbody>
          {stages.map((stage) => (
            <Tr key={`${stage.service} ${stage.source ?? ''}`}>
              <Td dataLabel="Service" className="pt-service">
                <strong>{stage.service}</strong>
                {stage.source && <span className="pt-source">{stage.source}</span>}
              </Td>
              <Td dataLabel="State">
                <StageLabel state={stage.state} />
              </Td>
              <Td dataLabel="Started (UTC)">
                <Time at={stage.startedAt} exactly />
              </Td>
              <Td dataLabel="Duration" className="pt-number">
                {formatDuration(stage.duration)}
              </Td>
              <Td dataLabel="When" className={anyFailed ? 'pt-bar-cell' : 'pt-bar-cell pt-bar-wide'}>
                <StageBar stage={stage} from={from} to={to} />
              </Td>
              {anyFailed && (
                <Td dataLabel="Why it failed" className={stage.failure ? '' : 'pt-empty-cell'}>
                  {stage.failure && <FailureMessage message={stage.failure.message ?? stage.failure.status} />}
                </Td>
              )}
            </Tr>
          ))}
        </Tbody>
      </Table>
    </section>
  );
}
