import { buildSchema, getOperationAST, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import schemaText from '../../schema.graphqls?raw';
import { questions } from './questions';

const schema = buildSchema(schemaText);

test('the tabs ask everything that can be asked', () => {
  const asked = new Set<string>();
  for (const { query, variables } of questions) {
    const document = parse(query);
    expect(validate(schema, document), query).toEqual([]);
    const operation = getOperationAST(document);
    expect(query.startsWith('# '), 'a tab says what it answers').toBe(true);
    expect(operation?.name?.value, 'a tab is called by its operation').toBeTruthy();
    const needed = operation?.variableDefinitions?.map((definition) => definition.variable.name.value) ?? [];
    expect(Object.keys(JSON.parse(variables ?? '{}')).sort()).toEqual(needed.sort());
    for (const selection of operation?.selectionSet.selections ?? []) {
      if (selection.kind === 'Field') asked.add(`${operation?.operation} ${selection.name.value}`);
    }
  }
  const roots = [schema.getQueryType(), schema.getSubscriptionType()].flatMap((type) =>
    Object.keys(type?.getFields() ?? {}).map((field) => `${type?.name.toLowerCase()} ${field}`),
  );
  // An object is asked for by its id by programs, which have it from an earlier answer.
  expect(roots.filter((root) => !asked.has(root))).toEqual(['query node', 'query nodes']);
});
