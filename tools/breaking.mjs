// Compares schema.graphqls with that of the last release. A change that breaks a client written for it fails; what may surprise one is told.
import { readFile } from 'node:fs/promises';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const top = new URL('../', import.meta.url);
const read = async (name) => buildSchema(await readFile(new URL(name, top), 'utf8'));

const changes = await diff(await read('docs/schema/released.graphqls'), await read('schema.graphqls'));
const of = (level) => changes.filter((change) => change.criticality.level === level);

for (const change of of(CriticalityLevel.Dangerous)) console.log(`may surprise a client: ${change.message}`);
const breaking = of(CriticalityLevel.Breaking);
for (const change of breaking) console.error(`breaks clients of the last release: ${change.message} (${change.path})`);
if (breaking.length > 0) {
  console.error('Keep the old form beside the new one, with @deprecated; see docs/schema/README.md.');
  process.exitCode = 1;
}
