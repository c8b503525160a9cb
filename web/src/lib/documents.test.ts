import { parse, print } from 'graphql';
import { stringifyDocument, type TypedDocumentNode } from 'urql';
import { expect, test } from 'vitest';
import trusted from '../gql/documents.json';
import * as generated from '../gql/graphql';

// A server of TRUSTED_DOCUMENTS=only looks for what it is sent among these, however it is spaced.
test('the client sends the documents that the server trusts', () => {
  const known = new Set(Object.values(trusted).map((text) => print(parse(text))));
  const documents = Object.entries(generated).filter(([name]) => name.endsWith('Document'));
  expect(documents.length).toBeGreaterThanOrEqual(3);
  for (const [name, document] of documents) {
    const sent = stringifyDocument(document as TypedDocumentNode);
    expect(known.has(print(parse(sent))), `${name}: ${sent}`).toBe(true);
  }
});
