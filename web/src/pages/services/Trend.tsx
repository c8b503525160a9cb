import { type PointerEvent, type ReactNode, useMemo, useState } from 'react';
import { countTicks, endOfSteps, lengthTicks, type Slot, type TimeTick, timeTicks } from '../../lib/chart';
import { formatMilliseconds } from '../../lib/duration';
import { formatCount, formatShare, shareOf } from '../../lib/numbers';
import { useStored } from '../../lib/stored';
import { useWidth } from '../../lib/width';
import { zone } from '../../lib/zone';
import {
  lineOf,
  middle,
  outlineOf,
  type Scale,
  type Step,
  stepAt,
  stepsOf,
  type TrendProps,
  type Value,
  writeLength,
} from './steps';

/** How a service did over time: what came, what failed, how long it took; each against the window before. */
export function Trend({ points, before }: TrendProps) {
  const shownZone = useStored(zone);
  const now = useMemo(() => stepsOf(points, shownZone), [points, shownZone]);
  const then = useMemo(() => stepsOf(before, shownZone), [before, shownZone]);
  const [active, setActive] = useState<number | null>(null);
  const [element, width] = useWidth<HTMLDivElement>();
  const at = active === null ? undefined : now[active];
  return (
    <div ref={element} className="pt-trend">
      <p className="pt-readout" aria-hidden="true">
        {at ? <Readout step={at} before={stepAt(then, at.slot)} /> : <Legend before={then.length > 0} />}
      </p>
      {width > 0 &&
        charts.map((chart, i) => (
          <Chart
            key={chart.name}
            chart={chart}
            now={now}
            before={then}
            width={width}
            active={active}
            setActive={setActive}
            times={
              i === charts.length - 1
                ? timeTicks(Date.parse(points[0]?.at ?? ''), endOfSteps(points), width < 600 ? 5 : 12, shownZone)
                : []
            }
          />
        ))}
    </div>
  );
}

interface ChartKind {
  name: string;
  bars: boolean;
  className: string;
  value: (step: Step) => number | null;
  ticks: (greatest: number) => number[];
  write: (n: number) => string;
}

const charts: ChartKind[] = [
  {
    name: 'Received',
    bars: true,
    className: 'pt-received',
    value: (s) => s.received,
    ticks: countTicks,
    write: formatCount,
  },
  { name: 'Failed', bars: true, className: 'pt-failed', value: (s) => s.failed, ticks: countTicks, write: formatCount },
  {
    name: 'Time taken, p95',
    bars: false,
    className: 'pt-p95',
    value: (s) => s.p95,
    ticks: lengthTicks,
    write: (ms) => (ms === 0 ? '0' : formatMilliseconds(ms)),
  },
];

const plot = { left: 56, right: 8, top: 22, height: 84, axis: 22 };

interface ChartProps {
  chart: ChartKind;
  now: Step[];
  before: Step[];
  width: number;
  active: number | null;
  setActive: (step: number | null) => void;
  times: TimeTick[];
}

function Chart({ chart, now, before, width, active, setActive, times }: ChartProps) {
  const values = [...now, ...before].map((step) => chart.value(step) ?? 0);
  const ticks = chart.ticks(Math.max(...values, 0));
  const top = ticks.at(-1) ?? 1;
  const inner = Math.max(width - plot.left - plot.right, 1);
  const x = (share: number) => plot.left + share * inner;
  const y = (value: number) => plot.top + plot.height * (1 - value / top);
  const marked = active === null ? undefined : now[active]?.slot;

  function point(event: PointerEvent<SVGSVGElement>) {
    const share = (event.clientX - event.currentTarget.getBoundingClientRect().left - plot.left) / inner;
    const found = now.findIndex(({ slot }) => slot.from <= share && share < slot.to);
    setActive(found < 0 ? null : found);
  }

  return (
    <svg
      role="img"
      aria-label={`${chart.name} over time: the table below has each step`}
      width={width}
      height={plot.top + plot.height + (times.length > 0 ? plot.axis : 6)}
      className={`pt-chart ${chart.className}`}
      onPointerMove={point}
      onPointerLeave={() => setActive(null)}
    >
      <text x={0} y={12} className="pt-chart-name">
        {chart.name}
      </text>
      {marked && (
        <rect
          x={x(marked.from)}
          width={x(marked.to) - x(marked.from)}
          y={plot.top}
          height={plot.height}
          className="pt-chart-active"
        />
      )}
      {ticks.map((tick) => (
        <g key={tick}>
          <line x1={plot.left} x2={width - plot.right} y1={y(tick)} y2={y(tick)} className="pt-chart-grid" />
          <text x={plot.left - 8} y={y(tick)} dy="0.35em" textAnchor="end">
            {chart.write(tick)}
          </text>
        </g>
      ))}
      {chart.bars ? (
        now.map((step) => <Bar key={step.slot.from} slot={step.slot} value={chart.value(step) ?? 0} x={x} y={y} />)
      ) : (
        <Line steps={now} value={chart.value} x={x} y={y} />
      )}
      {chart.bars ? (
        <path d={outlineOf(before, chart.value, x, y)} className="pt-chart-before" />
      ) : (
        <path d={lineOf(before, chart.value, x, y)} className="pt-chart-before" />
      )}
      {times.map(({ at, label }) => (
        <g key={at}>
          <line
            x1={x(at)}
            x2={x(at)}
            y1={plot.top + plot.height}
            y2={plot.top + plot.height + 4}
            className="pt-chart-tick"
          />
          <text x={x(at)} y={plot.top + plot.height + 17} textAnchor={x(at) > width - 24 ? 'end' : 'middle'}>
            {label}
          </text>
        </g>
      ))}
    </svg>
  );
}

function Bar({ slot, value, x, y }: { slot: Slot; value: number; x: Scale; y: Scale }) {
  const whole = x(slot.to) - x(slot.from);
  const gap = Math.min(2, whole / 4);
  // Whatever is there is seen, also beside a hundred times as much.
  const height = value > 0 ? Math.max(y(0) - y(value), 2) : 0;
  return (
    <rect x={x(slot.from) + gap / 2} width={whole - gap} y={y(0) - height} height={height} className="pt-chart-bar" />
  );
}

function Line({ steps, value, x, y }: { steps: Step[]; value: Value; x: Scale; y: Scale }) {
  return (
    <>
      <path d={lineOf(steps, value, x, y)} className="pt-chart-line" />
      {steps.map((step) => {
        const one = value(step);
        return one !== null && <circle key={step.slot.from} cx={x(middle(step.slot))} cy={y(one)} r={2.5} />;
      })}
    </>
  );
}

function Legend({ before }: { before: boolean }) {
  const entries: [look: string, text: string][] = [
    ['pt-key-received', 'received'],
    ['pt-key-failed', 'failed'],
    ['pt-key-p95', '95 of 100 took no longer'],
    ...(before ? [['pt-key-before', 'the window before'] as [string, string]] : []),
  ];
  return entries.map(([look, text]) => (
    <span key={text} className="pt-key-entry">
      <span className={look} /> {text}
    </span>
  ));
}

function Readout({ step, before }: { step: Step; before: Step | undefined }) {
  const share = shareOf(step.failed, step.received);
  const facts: [name: string, now: ReactNode, then: string | null][] = [
    ['received', formatCount(step.received), before ? formatCount(before.received) : null],
    [
      'failed',
      `${formatCount(step.failed)}${share ? ` (${formatShare(share)})` : ''}`,
      before ? formatCount(before.failed) : null,
    ],
    ['p95', writeLength(step.p95), before ? writeLength(before.p95) : null],
  ];
  return (
    <>
      <strong>{step.when}</strong>
      {facts.map(([name, now, then]) => (
        <span key={name}>
          {name} {now}
          {then !== null && <span className="pt-subtle"> before {then}</span>}
        </span>
      ))}
    </>
  );
}
