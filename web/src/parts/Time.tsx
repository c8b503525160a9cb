import { formatLocal, formatTime, formatTimeExactly } from '../lib/time';

/** A moment in UTC; its local time is the tooltip. */
export function Time({ at, exactly = false }: { at: string; exactly?: boolean }) {
  return (
    <time dateTime={at} title={`${formatLocal(at)} (local time)`} className="pt-time">
      {exactly ? formatTimeExactly(at) : formatTime(at)}
    </time>
  );
}
