import { Button } from '@patternfly/react-core/dist/esm/components/Button';
import { Title } from '@patternfly/react-core/dist/esm/components/Title';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table/dist/esm/components/Table';
import { useMemo, useState } from 'react';
import { formatDuration, formatMilliseconds } from '../../lib/duration';
import { type Chart, describeHandover, layOut, type Row, remarks } from '../../lib/gantt';
import { count } from '../../lib/sentence';
import { FailureMessage } from '../../parts/FailureMessage';
import { Time, useTimeLabel } from '../../parts/Time';
import { ValueLink } from '../../parts/ValueLink';
import { StageLabel, stageWord } from '../../parts/VerdictLabel';
import type { FullPayload } from './query';

type Stage = FullPayload['stages'][number];

const atFirst = 40;

/** The stages in time, one bar per service and source, and the same facts as a table. */
export function Gantt({ stages: all }: { stages: Stage[] }) {
  const [whole, setWhole] = useState(false);
  const stages = useMemo(() => (whole ? all : all.slice(0, atFirst)), [all, whole]);
  const chart = useMemo(() => layOut(stages), [stages]);
  return (
    <section aria-labelledby="stages" className="pt-panel">
      <Title headingLevel="h2" size="lg" id="stages">
        Stages <span className="pt-subtle">{count(all.length, 'stage')}</span>
      </Title>
      <Picture stages={stages} chart={chart} />
      <Facts stages={stages} chart={chart} />
      {stages.length < all.length && (
        <Button variant="link" isInline onClick={() => setWhole(true)}>
          Show all {all.length} stages
        </Button>
      )}
    </section>
  );
}

interface Charted {
  stages: Stage[];
  chart: Chart<Stage['statuses']['nodes'][number]>;
}

/** Each bar is a link to its row of the table, which says the same in words. */
function Picture({ stages, chart }: Charted) {
  return (
    <div className="pt-gantt">
      <ol aria-label="Stages in time">
        {stages.map((stage, i) => {
          const row = chart.rows[i];
          return (
            row && (
              <li key={nameOf(stage)}>
                <a href={`#stage-${i}`} className="pt-gantt-row" title={describe(stage, row)}>
                  <span className="pt-gantt-name">
                    {stage.service}
                    {stage.source && <span className="pt-source">{stage.source}</span>}
                  </span>
                  <Bar stage={stage} row={row} chart={chart} />
                  <span className="pt-gantt-length">{formatDuration(stage.duration)}</span>
                </a>
              </li>
            )
          );
        })}
      </ol>
      <div className="pt-gantt-axis" aria-hidden="true">
        {chart.ticks.map((tick) => (
          <span key={tick} style={{ insetInlineStart: percent(tick, chart) }}>
            {tick === 0 ? '0' : formatMilliseconds(tick)}
          </span>
        ))}
      </div>
      <Legend chart={chart} />
    </div>
  );
}

function Bar({ stage, row, chart }: { stage: Stage; row: Row; chart: Chart }) {
  const place = { insetInlineStart: percent(row.from, chart), inlineSize: percent(row.to - row.from, chart) };
  const waited = row.handover?.ms ?? 0;
  return (
    <span className="pt-gantt-track" aria-hidden="true">
      {chart.ticks.map((tick) => (
        <span key={`tick ${tick}`} className="pt-gantt-tick" style={{ insetInlineStart: percent(tick, chart) }} />
      ))}
      {chart.gaps.map((gap) => (
        <span
          key={`gap ${gap.from}`}
          className="pt-gantt-gap"
          style={{ insetInlineStart: percent(gap.from, chart), inlineSize: percent(gap.to - gap.from, chart) }}
        />
      ))}
      {waited > 0 && (
        <span
          className="pt-gantt-wait"
          style={{ insetInlineStart: percent(row.from - waited, chart), inlineSize: percent(waited, chart) }}
        />
      )}
      <span className={`pt-gantt-bar pt-gantt-${stage.state.toLowerCase()}`} style={place} />
      {row.marks.map((mark) => (
        <span
          key={`${mark.event.date} ${mark.event.status}`}
          className={`pt-mark pt-mark-${mark.oddities[0] ?? mark.end ?? 'none'}`}
          style={{ insetInlineStart: percent(mark.at, chart) }}
        />
      ))}
    </span>
  );
}

const percent = (ms: number, chart: Chart) => `${chart.length > 0 ? (100 * ms) / chart.length : 0}%`;
const nameOf = (stage: Stage) => `${stage.service} ${stage.source ?? ''}`;

/** The bar in words, for those who hear or hover it. */
function describe(stage: Stage, row: Row): string {
  return [
    `${stage.service}${stage.source ? ` / ${stage.source}` : ''}: ${stageWord(stage.state).toLowerCase()}`,
    `${formatDuration(stage.duration)} long`,
    row.from === 0 ? 'began first' : `began ${formatMilliseconds(row.from)} after the start`,
    ...(row.handover ? [describeHandover(row.handover)] : []),
    ...remarks(row),
  ].join(', ');
}

/** What the marks mean: only those that are there. */
function Legend({ chart }: { chart: Chart }) {
  const marks = chart.rows.flatMap((row) => row.marks);
  const entries: [look: string, text: string, there: boolean][] = [
    ['pt-mark pt-mark-none', 'event', marks.length > 0],
    ['pt-mark pt-mark-failure', 'failure', marks.some((mark) => mark.end === 'failure')],
    ['pt-mark pt-mark-late', 'came late, behind newer ones', marks.some((mark) => mark.oddities.includes('late'))],
    ['pt-mark pt-mark-ahead', 'dated ahead of its time', marks.some((mark) => mark.oddities.includes('ahead'))],
    ['pt-gantt-wait', 'handed over', chart.rows.some((row) => (row.handover?.ms ?? 0) > 0)],
    ['pt-gantt-gap', 'no service had it', chart.gaps.length > 0],
  ];
  return (
    <p className="pt-gantt-legend" aria-hidden="true">
      {entries.map(
        ([look, text, there]) =>
          there && (
            <span key={text}>
              <span className={look} /> {text}
            </span>
          ),
      )}
    </p>
  );
}

function Facts({ stages, chart }: Charted) {
  const anyFailed = stages.some((stage) => stage.failure);
  const anyRemark = chart.rows.some((row) => remarks(row).length > 0);
  const started = useTimeLabel('Started');
  return (
    <Table aria-label="Stages" variant="compact" gridBreakPoint="grid-lg" className="pt-table">
      <Thead>
        <Tr>
          <Th modifier="nowrap">Service</Th>
          <Th modifier="nowrap">State</Th>
          <Th modifier="nowrap">{started}</Th>
          <Th modifier="nowrap">Handed over</Th>
          <Th modifier="nowrap">Duration</Th>
          {anyRemark && <Th modifier="nowrap">Remarks</Th>}
          {anyFailed && (
            <Th modifier="nowrap" className="pt-column-wide">
              Why it failed
            </Th>
          )}
        </Tr>
      </Thead>
      <Tbody>
        {stages.map((stage, i) => {
          const row = chart.rows[i];
          const said = row ? remarks(row).join(', ') : '';
          return (
            <Tr key={nameOf(stage)} id={`stage-${i}`} tabIndex={-1} className="pt-stage-row">
              <Td dataLabel="Service" className="pt-service">
                <ValueLink list="/payloads" field="service" value={stage.service} what="the service">
                  <strong>{stage.service}</strong>
                </ValueLink>
                {stage.source && <span className="pt-source">{stage.source}</span>}
              </Td>
              <Td dataLabel="State">
                <StageLabel state={stage.state} />
              </Td>
              <Td dataLabel={started}>
                <Time at={stage.startedAt} exactly />
              </Td>
              <Td dataLabel="Handed over" className={row?.handover ? '' : 'pt-empty-cell'}>
                {row?.handover ? describeHandover(row.handover) : <span className="pt-none">–</span>}
              </Td>
              <Td dataLabel="Duration" className="pt-number">
                {formatDuration(stage.duration)}
              </Td>
              {anyRemark && (
                <Td dataLabel="Remarks" className={said ? '' : 'pt-empty-cell'}>
                  {said}
                </Td>
              )}
              {anyFailed && (
                <Td dataLabel="Why it failed" className={stage.failure ? '' : 'pt-empty-cell'}>
                  {stage.failure && <FailureMessage message={stage.failure.message ?? stage.failure.status} />}
                </Td>
              )}
            </Tr>
          );
        })}
      </Tbody>
    </Table>
  );
}
