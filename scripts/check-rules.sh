#!/usr/bin/env bash
# Checks the alerts and their tests with promtool, and that it reads each expression of the dashboards. Installs promtool (Debian's package prometheus) when it is missing and may be installed; says so when it cannot.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v promtool >/dev/null 2>&1; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "alerts: not checked, since promtool is missing (Debian: apt-get install prometheus)"
    exit 0
  fi
  echo "alerts: installing promtool"
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends prometheus; } >/dev/null 2>&1; then
    echo "alerts: not checked, since promtool is missing and apt-get could not install it"
    exit 0
  fi
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/payload-tracker-rules.XXXXXX")
trap 'rm -rf "$dir"' EXIT

promtool check config deploy/prometheus/prometheus.yml
promtool test rules deploy/prometheus/rules_test.yml
for dashboard in deploy/grafana/dashboards/*.json; do
  # promtool knows no dashboards: each expression becomes a rule, with what Grafana would put in for its variables.
  node -e '
    const { panels } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    const rules = panels.flatMap((p) => p.targets).map(({ expr }, i) => ({
      record: `expression_${i}`, expr: expr.replaceAll("$__rate_interval", "5m").replaceAll("$service", ".*"),
    }));
    console.log(JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
  ' "$dashboard" >"$dir/$(basename "$dashboard" .json).yml"
done
promtool check rules "$dir"/*.yml
