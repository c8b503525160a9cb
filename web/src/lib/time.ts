import { formatMilliseconds } from './duration';
import type { Zone } from './zone';

/** A time of the API (RFC 3339, UTC) to the second: "2026-11-25 06:15:02". The text itself where it is no time. */
export function formatTime(iso: string, zone: Zone = 'utc'): string {
  return write(iso, zone, 19);
}

/** The same to the millisecond, for events that follow each other closely. */
export function formatTimeExactly(iso: string, zone: Zone = 'utc'): string {
  return write(iso, zone, 23);
}

function write(iso: string, zone: Zone, length: number): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const shown = zone === 'utc' ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shown.toISOString().slice(0, length).replace('T', ' ');
}

/** How long ago: "3 min ago", "in 5 min" for a date ahead of its time, "now" within a second. */
export function formatAgo(iso: string, now: number): string {
  const ms = now - Date.parse(iso);
  if (Number.isNaN(ms)) return '';
  if (Math.abs(ms) < 1000) return 'now';
  const whole = formatMilliseconds(Math.trunc(Math.abs(ms) / 1000) * 1000);
  return ms < 0 ? `in ${whole}` : `${whole} ago`;
}

/** What a field of the form "YYYY-MM-DDThh:mm" says, in that zone, as a time of the API; null where it says nothing. */
export function readTime(field: string, zone: Zone): string | null {
  const date = new Date(zone === 'utc' ? `${field}Z` : field);
  return Number.isNaN(date.getTime()) ? null : date.toISOString().replace('.000Z', 'Z');
}

/** The same moment where the reader is, in full: "Wed 25 Nov 2026, 07:15:02 GMT+1". */
export function formatLocal(iso: string, timeZone?: string): string {
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
    timeZone,
  }).format(date);
}
