import { describe, expect, test } from 'vitest';
import { commandOf, type ExportKind, headOf, linesOf } from './export';
import { type Condition, payloadFields, readConditions, toFilter } from './filter';

const kind: ExportKind = {
  name: 'payloads',
  document: 'query Q($filter: PayloadFilter) {\n  payloads(filter: $filter) { nodes { requestId } }\n}',
  columns: ['requestId', 'verdict.failure.message', 'verdict.coveredFailures'],
  rest: { orgId: 'org_id', systemId: 'system_id' },
  restTime: { field: 'startedAt', parameter: 'created_at' },
  restSort: { startedAt: 'created_at' },
};

describe('rows of a file', () => {
  test.each([
    ['plain', 'plain'],
    ['a, b', '"a, b"'],
    ['say "no"', '"say ""no"""'],
    ['two\nlines', '"two\nlines"'],
    ['=1+1', "'=1+1"],
    ['-1', "'-1"],
    [' blank', '" blank"'],
  ])('%j as a cell', (message, want) => {
    const node = { requestId: 'x', verdict: { failure: { message }, coveredFailures: ['a', 'b'] } };
    expect(linesOf([node], kind, 'csv')).toBe(`x,${want},a b\n`);
  });

  test('what is not there is an empty cell', () => {
    expect(linesOf([{ requestId: 'x', verdict: { failure: null } }], kind, 'csv')).toBe('x,,\n');
  });

  test('a head for CSV alone', () => {
    expect(headOf(kind, 'csv')).toBe('requestId,verdict.failure.message,verdict.coveredFailures\n');
    expect(headOf(kind, 'ndjson')).toBe('');
    expect(linesOf([{ a: 1 }, { a: null }], kind, 'ndjson')).toBe('{"a":1}\n{"a":null}\n');
  });
});

describe('a command', () => {
  function command(address: string, sort = '-startedAt', format: 'csv' | 'ndjson' = 'csv') {
    const conditions: Condition[] = readConditions(payloadFields, new URLSearchParams(address));
    return commandOf({
      kind,
      conditions,
      sort,
      filter: toFilter(conditions),
      orderBy: { field: 'STARTED_AT', direction: 'DESC' },
      format,
      origin: 'https://tracker.example.com',
      now: new Date('2026-11-25T12:00:00Z'),
    });
  }

  test('is one request where REST has the filter', () => {
    expect(command('orgId=5&startedAt.since=PT1H').text).toBe(
      "curl -fsS -H 'Accept: text/csv' 'https://tracker.example.com/api/v1/payloads?org_id=5&created_at_gte=2026-11-25T11%3A00%3A00.000Z&sort_by=created_at&sort_dir=desc' > payloads.csv",
    );
    expect(command('startedAt.from=a&startedAt.to=b', 'startedAt').text).toContain(
      '?created_at_gte=a&created_at_lt=b&sort_by=created_at&sort_dir=asc',
    );
  });

  test.each(['verdict=FAILED', 'orgId=1&orgId=2', 'orgId.not=1', 'orgId=', 'startedAt.since=soon', 'service=x'])(
    'goes page by page for %s',
    (address) => expect(command(address).how).toBe('graphql'),
  );

  test('goes page by page in an order that REST has not', () => {
    expect(command('', '-failedAt').how).toBe('graphql');
  });

  test('is one word for the shell, whatever was typed', () => {
    const { text } = command("failureMessage.has=it's $(here)", '-startedAt', 'ndjson');
    expect(text).toContain(`"contains":"it'\\''s $(here)"`);
  });
});
