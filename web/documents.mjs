// Writes the page's documents as a manifest of trusted ones, {name: text}: a server of TRUSTED_DOCUMENTS=only answers these.
import { concatAST, Kind, print, visit } from 'graphql';

/** The plugin as graphql-codegen calls it. */
export function plugin(_schema, files) {
  const all = concatAST(files.map((file) => file.document)).definitions;
  const fragments = new Map(
    all.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION).map((one) => [one.name.value, one]),
  );

  const spread = (definition, found = new Set()) => {
    visit(definition, {
      FragmentSpread({ name }) {
        if (found.has(name.value)) return;
        spread(fragments.get(name.value), found); // what a fragment spreads comes before it, as in the client's documents
        found.add(name.value);
      },
    });
    return found;
  };

  const manifest = {};
  for (const operation of all.filter((one) => one.kind === Kind.OPERATION_DEFINITION)) {
    const parts = [operation, ...[...spread(operation)].map((name) => fragments.get(name))];
    manifest[operation.name.value] = parts.map(print).join('\n\n');
  }
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
