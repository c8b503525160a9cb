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

const units: Record<string, string> = {
  ms: 'ms',
  millisecond: 'ms',
  milliseconds: 'ms',
  '': 'S',
  s: 'S',
  sec: 'S',
  second: 'S',
  seconds: 'S',
  m: 'M',
  min: 'M',
  minute: 'M',
  minutes: 'M',
  h: 'H',
  hour: 'H',
  hours: 'H',
  d: 'D',
  day: 'D',
  days: 'D',
};

/** "90 s", "1.5 min", "2h", "3 days" or ISO 8601 as the API takes it; null for anything else. Plain numbers are seconds. */
export function readDuration(words: string): string | null {
  const text = words.trim();
  if (parseDuration(text.toUpperCase()) !== null) return text.toUpperCase();
  const [, number, word = ''] = /^(\d+(?:[.,]\d+)?)\s*([a-z]*)$/i.exec(text) ?? [];
  const unit = units[word.toLowerCase()];
  if (number === undefined || unit === undefined) return null;
  const n = Number(number.replace(',', '.'));
  if (unit === 'ms') return `PT${String(n / 1000)}S`;
  if (unit === 'S' || Number.isInteger(n)) return unit === 'D' ? `P${n}D` : `PT${n}${unit}`;
  const seconds = { M: 60, H: 3600, D: 86_400 }[unit] ?? 1;
  return `PT${Math.round(n * seconds)}S`;
}
