import { endOfSteps, slotsOf } from '../../lib/chart';
import type { TrendPoint } from './steps';

const size = { width: 100, height: 24 };

/** How much came when, and what of it failed; the numbers beside it and the opened service say the same. */
export function Sparkline({ points }: { points: TrendPoint[] }) {
  const most = Math.max(...points.map(({ received }) => received), 1);
  return (
    <svg viewBox={`0 0 ${size.width} ${size.height}`} {...size} className="pt-sparkline" aria-hidden="true">
      {slotsOf(points, endOfSteps(points)).map((slot, i) => {
        const { received = 0, failed = 0, at } = points[i] ?? {};
        const x = slot.from * size.width;
        const width = Math.max((slot.to - slot.from) * size.width - 1, 0.5);
        const bar = (n: number) => (n > 0 ? Math.max((n / most) * size.height, 1.5) : 0);
        return (
          <g key={at}>
            <rect x={x} width={width} y={size.height - bar(received)} height={bar(received)} className="pt-spark" />
            <rect x={x} width={width} y={size.height - bar(failed)} height={bar(failed)} className="pt-spark-failed" />
          </g>
        );
      })}
    </svg>
  );
}
