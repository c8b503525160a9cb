import type { StageState } from '../../gql/graphql';

interface StageBarProps {
  stage: { state: StageState; startedAt: string; endedAt: string };
  /** The payload's first and last moment, in milliseconds. */
  from: number;
  to: number;
}

const width = 1000;
const least = 12;

/** Where in the payload's time a stage lies. The columns beside it say the same in words. */
export function StageBar({ stage, from, to }: StageBarProps) {
  const span = Math.max(to - from, 1);
  const start = ((Date.parse(stage.startedAt) - from) / span) * (width - least);
  const end = ((Date.parse(stage.endedAt) - from) / span) * (width - least) + least;
  return (
    <svg viewBox={`0 0 ${width} 10`} preserveAspectRatio="none" className="pt-bar" aria-hidden="true">
      <rect x="0" y="4.5" width={width} height="1" className="pt-bar-track" />
      <rect x={start} y="0" width={end - start} height="10" className={`pt-bar-${stage.state.toLowerCase()}`} />
    </svg>
  );
}
