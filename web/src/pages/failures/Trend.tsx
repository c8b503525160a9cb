import { endOfSteps, slotsOf } from '../../lib/chart';
import { describeTrend, type FailurePoint } from '../../lib/failures';
import { useStored } from '../../lib/stored';
import { zone } from '../../lib/zone';

const size = { width: 112, height: 28 };

/** How often it failed when: a bar a step, each group by its own most. */
export function Trend({ points }: { points: FailurePoint[] }) {
  const words = `Failures over time, ${describeTrend(points, useStored(zone))}`;
  const most = Math.max(...points.map(({ count }) => count), 1);
  return (
    <svg viewBox={`0 0 ${size.width} ${size.height}`} {...size} className="pt-failure-trend" role="img">
      <title>{words}</title>
      {slotsOf(points, endOfSteps(points)).map((slot, i) => {
        const { at, count = 0 } = points[i] ?? {};
        const height = count > 0 ? Math.max((count / most) * (size.height - 1), 2) : 0;
        return (
          <rect
            key={at}
            x={slot.from * size.width}
            width={Math.max((slot.to - slot.from) * size.width - 1, 0.5)}
            y={size.height - 1 - height}
            height={height}
          />
        );
      })}
      <line x1="0" x2={size.width} y1={size.height - 0.5} y2={size.height - 0.5} />
    </svg>
  );
}
