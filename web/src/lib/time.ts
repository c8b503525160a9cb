/** A time of the API (RFC 3339, UTC) to the second: "2026-11-25 06:15:02". The text itself where it is no time. */
export function formatTime(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : date.toISOString().slice(0, 19).replace('T', ' ');
}

/** The same to the millisecond, for events that follow each other closely. */
export function formatTimeExactly(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : date.toISOString().slice(0, 23).replace('T', ' ');
}

/** The same moment where the reader is: "Wed 25 Nov 2026, 07:15:02 GMT+1". */
export function formatLocal(iso: string, zone?: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
    timeZone: zone,
  }).format(date);
}
