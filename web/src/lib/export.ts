import { parseDuration } from './duration';
import type { Condition } from './filter';

/** What a list gives to whoever takes it away. */
export interface ExportKind {
  /** Field of the query, name of the file, and of the REST route. */
  name: 'payloads' | 'statuses';
  /** A page: takes filter, orderBy, first, after. */
  document: string;
  /** Paths into a node: the columns of the CSV. */
  columns: string[];
  /** The filters of the API that the REST route has too, for one value each. */
  rest: Record<string, string>;
  /** The time that both filter by. */
  restTime: { field: string; parameter: string };
  restSort: Record<string, string>;
}

export type Format = 'csv' | 'ndjson';

export const formats: Record<Format, { label: string; media: string }> = {
  csv: { label: 'CSV', media: 'text/csv' },
  ndjson: { label: 'NDJSON', media: 'application/x-ndjson' },
};

export type Node = Record<string, unknown>;

/** Rows as lines of the file, each ended. */
export function linesOf(nodes: Node[], kind: ExportKind, format: Format): string {
  const write = format === 'csv' ? (node: Node) => csvLine(kind.columns.map((path) => at(node, path))) : JSON.stringify;
  return nodes.map((node) => `${write(node)}\n`).join('');
}

/** The first line of the file; NDJSON has none. */
export function headOf(kind: ExportKind, format: Format): string {
  return format === 'csv' ? `${csvLine(kind.columns)}\n` : '';
}

function at(node: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value as Node | null | undefined)?.[name], node);
}

function csvLine(cells: unknown[]): string {
  return cells.map(csvCell).join(',');
}

/** A spreadsheet runs a cell as a formula that begins like one: services write what they like into messages. */
function csvCell(cell: unknown): string {
  const text = Array.isArray(cell) ? cell.join(' ') : String(cell ?? '');
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]|^\s/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

interface Asked {
  kind: ExportKind;
  conditions: Condition[];
  sort: string;
  filter: unknown;
  orderBy: unknown;
  format: Format;
  /** This server, e.g. "https://tracker.example.com". */
  origin: string;
  now: Date;
}

/** The whole list as a command: one request where the REST route has those filters, else page by page over GraphQL. */
export function commandOf(asked: Asked): { text: string; how: 'rest' | 'graphql' } {
  const query = restQuery(asked);
  const { kind, format, origin } = asked;
  if (query === null) return { text: graphqlCommand(asked), how: 'graphql' };
  const address = `${origin}/api/v1/${kind.name}${query.size > 0 ? `?${query}` : ''}`;
  const accept = quoted(`Accept: ${formats[format].media}`);
  return { text: `curl -fsS -H ${accept} ${quoted(address)} > ${kind.name}.${format}`, how: 'rest' };
}

/** The conditions as the REST route takes them; null where it cannot say one of them. */
function restQuery({ kind, conditions, sort, now }: Asked): URLSearchParams | null {
  const query = new URLSearchParams();
  for (const { field, op, value } of conditions) {
    const parameter = kind.rest[field];
    const time = field === kind.restTime.field ? kind.restTime.parameter : undefined;
    if (parameter && op === 'is' && value !== '' && !query.has(parameter)) query.set(parameter, value);
    else if (time && op === 'from') query.set(`${time}_gte`, value);
    else if (time && op === 'to') query.set(`${time}_lt`, value);
    else if (time && op === 'since') {
      const ms = parseDuration(value);
      if (ms === null) return null;
      query.set(`${time}_gte`, new Date(now.getTime() - ms).toISOString());
    } else return null;
  }
  const column = kind.restSort[sort.replace(/^-/, '')];
  if (!column) return null;
  query.set('sort_by', column);
  query.set('sort_dir', sort.startsWith('-') ? 'desc' : 'asc');
  return query;
}

function graphqlCommand({ kind, filter, orderBy, format, origin }: Asked): string {
  const variables = { filter, orderBy, first: 500 };
  const question = JSON.stringify({ query: kind.document.replace(/\s+/g, ' ').trim(), variables });
  const cells = kind.columns.map((path) => `.${path}${path === 'verdict.coveredFailures' ? '|join(" ")' : ''}`);
  const rows = `.data.${kind.name}.nodes[]`;
  const print =
    format === 'csv'
      ? `jq -r ${quoted(`${rows} | [${cells.map((cell) => `(${cell})`).join(', ')}] | @csv`)}`
      : `jq -c ${quoted(rows)}`;
  const head = format === 'csv' ? `echo ${quoted(csvLine(kind.columns))}; ` : '';
  const info = `.data.${kind.name}.pageInfo`;
  return [
    `question=${quoted(question)}; after=null`,
    `{ ${head}while [ "$after" != end ]; do`,
    `  page=$(jq -c --argjson after "$after" '.variables.after = $after' <<<"$question" |`,
    `    curl -fsS -H 'Content-Type: application/json' -d @- ${quoted(`${origin}/graphql`)}) || break`,
    `  ${print} <<<"$page"`,
    `  after=$(jq -r 'if ${info}.hasNextPage then ${info}.endCursor | tojson else "end" end' <<<"$page")`,
    `done; } > ${kind.name}.${format}`,
  ].join('\n');
}

/** A text as one word of the shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
