#!/usr/bin/env bash
# Generates again and fails when a tracked file differs from what was there: generated code is never edited, and never older than its schema.
set -euo pipefail
cd "$(dirname "$0")/.."

generated() { git ls-files --cached --others --exclude-standard -- '*generated.go' 'web/src/**/generated*' 'web/src/generated/**' 'web/src/gql/**' docs/graphql-reference.md docs/configuration.md | sort -u; }
sums() { generated | while IFS= read -r file; do [ -f "$file" ] && cksum "$file"; done; }

echo "generated code: make generate"
before=$(sums)
make --no-print-directory generate >/dev/null
after=$(sums)
if [ "$before" != "$after" ]; then
  echo "Generated code was out of date; it is written anew now, look at it and commit:" >&2
  diff <(echo "$before") <(echo "$after") | awk '/^[<>]/ {print "  " $4}' | sort -u >&2
  exit 1
fi
