// Writes the reference page of the GraphQL API from schema.graphqls: docs/graphql-reference.md. Part of `make generate`.
import { readFile, writeFile } from 'node:fs/promises';
import {
  buildSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
} from 'graphql';

const top = new URL('../', import.meta.url);
const schema = buildSchema(await readFile(new URL('schema.graphqls', top), 'utf8'));

const own = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type));
const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter(Boolean);

/** A description in one line, as a table's cell takes it. */
const line = (text) => (text ?? '').replace(/\s+/g, ' ').replaceAll('|', '\\|').trim();
const anchor = (name) => `#${name.toLowerCase()}`;

/** A type as it is written in the schema, linked to where it is explained. */
function typeLink(type) {
  const { name } = getNamedType(type);
  const known = own.some((one) => one.name === name);
  return known ? `[\`${type}\`](${anchor(name)})` : `\`${type}\``;
}

const table = (head, rows) =>
  [`| ${head.join(' | ')} |`, `| ${head.map(() => '---').join(' | ')} |`, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');

const standard = (argument) => (argument.astNode?.defaultValue ? ` Default: \`${argument.astNode.defaultValue.value}\`.` : '');
const deprecated = (field) => (field.deprecationReason ? `**Deprecated:** ${line(field.deprecationReason)} ` : '');

function fieldRows(type) {
  return Object.values(type.getFields()).flatMap((field) => [
    [`\`${field.name}\``, typeLink(field.type), deprecated(field) + line(field.description)],
    ...(field.args ?? []).map((argument) => [
      `&nbsp;&nbsp;↳ \`${argument.name}\``,
      typeLink(argument.type),
      deprecated(argument) + line(argument.description) + standard(argument),
    ]),
  ]);
}

function inputRows(type) {
  return Object.values(type.getFields()).map((field) => [
    `\`${field.name}\``,
    typeLink(field.type),
    deprecated(field) + line(field.description) + standard(field),
  ]);
}

function section(type) {
  const parts = [`### ${type.name}`, (type.description ?? '').trim()];
  if (isObjectType(type) && type.getInterfaces().length > 0) {
    parts.push(`Is a ${type.getInterfaces().map((one) => typeLink(one)).join(', ')}.`);
  }
  if (isObjectType(type) || isInterfaceType(type)) parts.push(table(['Field', 'Type', ''], fieldRows(type)));
  if (isInputObjectType(type)) {
    if (type.isOneOf) parts.push('Exactly one of its fields is given.');
    parts.push(table(['Field', 'Type', ''], inputRows(type)));
  }
  if (isEnumType(type)) {
    parts.push(table(['Value', ''], type.getValues().map((value) => [`\`${value.name}\``, deprecated(value) + line(value.description)])));
  }
  if (isScalarType(type) && type.specifiedByURL) parts.push(`Specified by <${type.specifiedByURL}>.`);
  return parts.filter(Boolean).join('\n\n');
}

const kinds = [
  ['Objects', (type) => (isObjectType(type) || isInterfaceType(type)) && !roots.includes(type)],
  ['Filters and other inputs', isInputObjectType],
  ['Enums', isEnumType],
  ['Scalars', isScalarType],
];

const page = [
  '# GraphQL reference',
  '<!-- Written by tools/reference.mjs from schema.graphqls: change the descriptions there, then run `make generate`. -->',
  (schema.description ?? '').trim(),
  'The same is to be read in the playground (`/playground`), beside questions that run. What a type ends in says whether it can be null: `!` means never.',
  ...roots.map((type) => section(type).replace('### ', '## ')),
  ...kinds.flatMap(([title, is]) => [`## ${title}`, ...own.filter(is).map(section)]),
];
await writeFile(new URL('docs/graphql-reference.md', top), `${page.join('\n\n')}\n`);
