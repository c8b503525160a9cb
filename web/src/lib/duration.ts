const shape = /^(-)?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** Milliseconds of an ISO 8601 duration as the API gives them (weeks to seconds); null for anything else. */
export function parseDuration(iso: string): number | null {
  const parts = shape.exec(iso);
  if (!parts || iso.endsWith('P') || iso.endsWith('T')) return null;
  const [, minus, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts;
  const total =
    ((((Number(weeks) * 7 + Number(days)) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return minus ? -total : total;
}

/** The words that the verdict's sentence uses too: "250 ms", "3.8 s", "22 min", "5 h", "3 days". Cut, never rounded up. */
export function formatMilliseconds(ms: number): string {
  if (ms < 0) return `−${formatMilliseconds(-ms)}`;
  const seconds = ms / 1000;
  if (ms < 1000) return `${Math.trunc(ms)} ms`;
  if (seconds < 10) return `${String(Math.trunc(seconds * 10) / 10)} s`;
  if (seconds < 120) return `${Math.trunc(seconds)} s`;
  if (seconds < 2 * 3600) return `${Math.trunc(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.trunc(seconds / 3600)} h`;
  return `${Math.trunc(seconds / 86400)} days`;
}

/** A duration of the API in words; the text itself where it is none, a dash where there is nothing. */
export function formatDuration(iso: string | null | undefined): string {
  if (!iso) return '–';
  const ms = parseDuration(iso);
  return ms === null ? iso : formatMilliseconds(ms);
}
