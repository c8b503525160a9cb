import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import type { ComparedStagesFragment } from '../../gql/graphql';
import { describeRatio, millisecondsOf } from '../../lib/compare';
import { formatDuration } from '../../lib/duration';
import { FailureMessage } from '../../parts/FailureMessage';
import { StageLabel } from '../../parts/VerdictLabel';

type Pair = ComparedStagesFragment['stages'][number];

/** Stage by stage: who has it, how it ended, how long it took. */
export function Differences({ comparison }: { comparison: ComparedStagesFragment }) {
  const pairs = comparison.stages;
  const longest = Math.max(1, ...pairs.flatMap(({ a, b }) => [millisecondsOf(a), millisecondsOf(b)]));
  return (
    <section aria-labelledby="stages" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="stages">
        Stages <span className="pt-subtle">{summary(comparison)}</span>
      </Title>
      <Table aria-label="Stages of both" variant="compact" gridBreakPoint="grid-lg" className="pt-table pt-compared">
        <Thead>
          <Tr>
            <Th width={20}>Service</Th>
            <Th width={30}>A</Th>
            <Th width={30}>B</Th>
            <Th width={20}>Difference</Th>
          </Tr>
        </Thead>
        <Tbody>
          {pairs.map((pair) => {
            const difference = describeDifference(pair);
            return (
              <Tr key={`${pair.service} ${pair.source}`} className={difference ? 'pt-different' : ''}>
                <Td dataLabel="Service" className="pt-service">
                  <strong>{pair.service}</strong>
                  {pair.source && <span className="pt-source">{pair.source}</span>}
                </Td>
                <Td dataLabel="A">
                  <Half stage={pair.a} longest={longest} />
                </Td>
                <Td dataLabel="B">
                  <Half stage={pair.b} longest={longest} />
                </Td>
                <Td dataLabel="Difference" className={difference ? '' : 'pt-empty-cell'}>
                  {difference || <span className="pt-none">–</span>}
                </Td>
              </Tr>
            );
          })}
        </Tbody>
      </Table>
    </section>
  );
}

function Half({ stage, longest }: { stage: Pair['a']; longest: number }) {
  if (!stage) return <span className="pt-none">not there</span>;
  return (
    <div className="pt-half-cell">
      <span className="pt-half-line">
        <StageLabel state={stage.state} />
        <span className="pt-number">{formatDuration(stage.duration)}</span>
      </span>
      <span className="pt-half-track" aria-hidden="true">
        <span
          className={`pt-gantt-${stage.state.toLowerCase()}`}
          style={{ inlineSize: `${(100 * millisecondsOf(stage)) / longest}%` }}
        />
      </span>
      {stage.failure?.message && <FailureMessage message={stage.failure.message} />}
    </div>
  );
}

function describeDifference({ a, b, ratio }: Pair): string {
  if (!b) return 'only in A';
  if (!a) return 'only in B';
  const words = [describeRatio(ratio)];
  if (a.state !== b.state) words.unshift('ended differently');
  return words.filter(Boolean).join(', ');
}

function summary({ stages, onlyInA, onlyInB }: ComparedStagesFragment): string {
  const both = stages.filter(({ a, b }) => a && b).length;
  return [`${both} in both`, only('A', onlyInA), only('B', onlyInB)].filter(Boolean).join(' · ');
}

function only(name: string, services: string[]): string {
  return services.length > 0 ? `only ${name} came to ${services.join(', ')}` : '';
}
