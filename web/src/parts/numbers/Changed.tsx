import type { Change } from '../../lib/numbers';

interface ChangedProps {
  change: Change | null;
  /** The way that is worth a look when it is far; none where either is as good. */
  bad?: 'up' | 'down';
}

/** How a number stands against the window before: an arrow, and how much. */
export function Changed({ change, bad }: ChangedProps) {
  if (!change) return null;
  const { text, way, much } = change;
  return (
    <span className={much && way === bad ? 'pt-second-line pt-worse' : 'pt-second-line'}>
      {way !== 'same' && <span aria-hidden="true">{way === 'up' ? '↑ ' : '↓ '}</span>}
      {text}
    </span>
  );
}
