// Asks a running server (its /graphql address is the argument) all questions of the GraphQL-over-HTTP audits: each must pass, those that the
// specification only recommends too.
import { serverAudits } from 'graphql-http';

const url = process.argv[2];
if (!url) throw new Error('name the address: node graphql-http.mjs http://127.0.0.1:8080/graphql');

const known = 61; // fewer would mean that the suite is not what was agreed on
const audits = serverAudits({ url });
let passed = 0;
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status === 'ok') {
    passed++;
    continue;
  }
  console.error(`${result.status}: ${audit.id} ${audit.name}: ${result.reason}`);
}
console.log(`graphql-http: ${passed} of ${audits.length} audits passed`);
if (passed !== audits.length || passed < known) process.exitCode = 1;
