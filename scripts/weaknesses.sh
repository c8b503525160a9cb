#!/usr/bin/env bash
# Asks the databases of known weaknesses about what the binary and the page are built on. Where a database cannot be reached it says so and lets the check pass: that is no fault of the change.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0

set +e
report=$(go tool -modfile=tools/go.mod govulncheck ./... 2>&1)
code=$?
set -e
if [ "$code" = 0 ]; then
  echo "Go modules: no weakness that is known and reached"
elif [ "$code" != 3 ] && grep -q 'fetching vulnerabilities' <<<"$report"; then
  echo "Go modules: not asked, since the database cannot be reached: $(tail -n 1 <<<"$report")"
else # 3: it has found some
  echo "$report"
  failed=1
fi

# npm ends with 1 for both: what it says tells which.
report=$(npm --prefix web audit --omit=dev --json 2>/dev/null || true)
node -e '
  const report = JSON.parse(require("fs").readFileSync(0, "utf8") || "{}");
  if (!report.metadata) {
    console.log(`the page: not asked, since the registry does not answer: ${report.message ?? "nothing"}`);
  } else if (report.metadata.vulnerabilities.total === 0) {
    console.log("the page: no known weakness");
  } else {
    for (const { name, severity, range } of Object.values(report.vulnerabilities)) console.log(`the page: ${name} ${range}: ${severity}`);
    process.exitCode = 1;
  }' <<<"$report" || failed=1

exit "$failed"
