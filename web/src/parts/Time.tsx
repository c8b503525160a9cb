import { useStored } from '../lib/stored';
import { useNow } from '../lib/ticker';
import { formatAgo, formatLocal, formatTime, formatTimeExactly } from '../lib/time';
import { zone } from '../lib/zone';

interface TimeProps {
  at: string;
  exactly?: boolean;
  /** The zone is said; in tables the column says it. */
  named?: boolean;
}

/** A moment, in UTC or the reader's own time as chosen; the other one is the tooltip. */
export function Time({ at, exactly = false, named = false }: TimeProps) {
  const shown = useStored(zone);
  const write = exactly ? formatTimeExactly : formatTime;
  return (
    <time
      dateTime={at}
      title={shown === 'utc' ? `${formatLocal(at)} (local time)` : `${write(at, 'utc')} UTC`}
      className="pt-time"
    >
      {write(at, shown)}
      {named && (shown === 'utc' ? ' UTC' : ' local time')}
    </time>
  );
}

/** The same moment in the other zone than the one chosen; nothing where both are one. */
export function OtherTime({ at }: { at: string }) {
  const other = useStored(zone) === 'utc' ? 'local' : 'utc';
  if (formatTime(at, 'utc') === formatTime(at, 'local')) return null;
  return (
    <span className="pt-time pt-second-line">
      {formatTime(at, other)} {other === 'utc' ? 'UTC' : 'local'}
    </span>
  );
}

/** How long ago a moment was; it ticks. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  return <span className="pt-time pt-second-line">{formatAgo(at, now)}</span>;
}

/** Names a column of times with the zone they are in. */
export function useTimeLabel(label: string): string {
  return useLabel()({ label, time: true });
}

/** Names columns: those of times with the zone they are in. */
export function useLabel(): (column: { label: string; time?: boolean }) => string {
  const name = useStored(zone) === 'utc' ? 'UTC' : 'local';
  return ({ label, time }) => (time ? `${label} (${name})` : label);
}
