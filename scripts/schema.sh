#!/usr/bin/env bash
# Checks schema.graphqls: the conventions of two linters, what would break clients of the last release, and that the Relay compiler takes it.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=tools/node_modules/.bin

echo "schema: graphql-schema-linter"
"$bin/graphql-schema-linter" --config-directory tools schema.graphqls

echo "schema: graphql-eslint, recommended and Relay"
"$bin/eslint" --no-config-lookup --max-warnings 0 --config tools/eslint.config.mjs schema.graphqls

echo "schema: graphql-inspector, against the last release"
node tools/breaking.mjs

echo "schema: Relay compiler"
cache=tools/node_modules/.cache/relay
rm -rf "$cache"
mkdir -p "$cache/artifacts"
cp schema.graphqls "$cache/schema.graphql" # it knows a schema by this ending
(cd tools/relay && "../node_modules/.bin/relay-compiler" relay.config.json --output quiet-with-errors)
for artifact in PayloadListQuery PayloadListPageQuery PayloadTimelineQuery; do
  [ -s "$cache/artifacts/$artifact.graphql.ts" ] || { echo "The Relay compiler wrote no $artifact." >&2; exit 1; }
done
