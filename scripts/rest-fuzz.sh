#!/usr/bin/env bash
# Lets schemathesis ask the built demo's REST routes whatever their OpenAPI document allows, and what it does not: no answer may be a server error, or one that the document lacks. FUZZ_EXAMPLES (default 60) is for each route.
set -euo pipefail
cd "$(dirname "$0")/.."

version=4.32.5
tools="${XDG_CACHE_HOME:-$HOME/.cache}/payload-tracker/schemathesis-$version"
if [ ! -x "$tools/bin/st" ]; then
  python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
    { echo "Python 3.10 or later with venv is needed (Debian: apt-get install python3-venv)." >&2; exit 1; }
  rm -rf "$tools" && python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" || { rm -rf "$tools"; exit 1; }
fi

free_port() { "$tools/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port) kafka_port=$(free_port) metrics_port=$(free_port)

# Below /tmp and open to all: as root, the private PostgreSQL runs as another user and must reach its data.
dir=$(mktemp -d /tmp/payload-tracker-fuzz.XXXXXX)
chmod 755 "$dir"

set -m # a process group of its own, in which Ctrl-C's signal is not ignored
MAX_REQUESTS_PER_MINUTE=1000000000 REQUESTOR_IMPL=mock \
  bin/payload-tracker demo --fresh --dir "$dir" --journeys 1000 --rate 5 --port "$port" --kafka-port "$kafka_port" --metrics-port "$metrics_port" >"$dir.log" 2>&1 &
demo=$!
set +m
cleanup() {
  status=$?
  trap - EXIT
  kill -INT "$demo" 2>/dev/null || true
  wait "$demo" || status=1
  if [ "$status" -ne 0 ]; then tail -n 20 "$dir.log" "$dir/payload-tracker.log" >&2 || true; fi
  rm -rf "$dir" "$dir.log"
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

base="http://127.0.0.1:$port"
# The database is seeded once a thousand payloads can be listed.
seeded() { "$tools/bin/python" -c 'import json, sys, urllib.request; sys.exit(json.load(urllib.request.urlopen(sys.argv[1], timeout=5))["count"] < 1000)' "$base/api/v1/payloads?page_size=0" 2>/dev/null; }
deadline=$((SECONDS + 180))
until seeded; do
  kill -0 "$demo" 2>/dev/null || { echo "The demo ended before it answered." >&2; exit 1; }
  [ "$SECONDS" -lt "$deadline" ] || { echo "The demo did not answer within 3 minutes." >&2; exit 1; }
  sleep 0.5
done

cd "$dir" # where it leaves what it keeps
"$tools/bin/st" --no-color run "$base/api/v1/openapi.json" --seed 1 --max-examples "${FUZZ_EXAMPLES:-60}" --continue-on-failure --request-timeout 20 \
  --phases examples,coverage,fuzzing --no-shrink --warnings off \
  --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance
