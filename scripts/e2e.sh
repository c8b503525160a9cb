#!/usr/bin/env bash
# The browser test: starts the built demo on free ports in a folder of its own, opens its pages in Chromium, stops it, and sees that nothing is left running.
set -euo pipefail
cd "$(dirname "$0")/.."

CHROMIUM=$(scripts/chromium.sh)
export CHROMIUM

# Below the ports that the system gives to outgoing connections, so that it stays free.
free_port() { node -e 'const go = () => { const s = require("net").createServer(); s.on("error", go); s.listen(20000 + Math.floor(Math.random() * 12000), "127.0.0.1", () => { console.log(s.address().port); s.close(); }); }; go()'; }
port=$(free_port) kafka_port=$(free_port) metrics_port=$(free_port)

# Below /tmp and open to all: as root, the private PostgreSQL runs as another user and must reach its data.
dir=$(mktemp -d /tmp/payload-tracker-e2e.XXXXXX)
chmod 755 "$dir"
log="$dir.log" checks="$dir.checks"

set -m # a process group of its own, in which Ctrl-C's signal is not ignored
bin/payload-tracker demo --fresh --dir "$dir" --port "$port" --kafka-port "$kafka_port" --metrics-port "$metrics_port" >"$log" 2>&1 &
demo=$!
set +m

# Everything that the demo started names its folder: that is how it is found again.
children() {
  if command -v pgrep >/dev/null 2>&1; then
    pgrep -f -- "$dir" || true
  else
    grep -laF -- "$dir" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | while read -r pid; do if [ -d "/proc/$pid" ]; then echo "$pid"; fi; done
  fi
}

stop() {
  kill -INT "$demo" 2>/dev/null || true
  for _ in $(seq 100); do kill -0 "$demo" 2>/dev/null || break; sleep 0.2; done
  if kill -0 "$demo" 2>/dev/null; then
    echo "The demo did not stop within 20 s." >&2
    kill -KILL "$demo" 2>/dev/null || true
    return 1
  fi
  wait "$demo" || { echo "The demo ended with status $? when asked to stop." >&2; return 1; }
  local left
  left=$(children)
  if [ -n "$left" ]; then
    echo "The demo left processes behind:" >&2
    # shellcheck disable=SC2086 # one id a word
    ps -o pid,args -p $left >&2 || true
    # shellcheck disable=SC2086
    kill -KILL $left 2>/dev/null || true
    return 1
  fi
}

cleanup() {
  status=$?
  trap - EXIT
  stop || status=1
  if [ "$status" -ne 0 ]; then
    echo "--- the demo's last lines ($log)" >&2
    tail -n 40 "$log" >&2
    tail -n 10 "$dir/payload-tracker.log" >&2 || true
    echo "--- the checks' last lines ($checks)" >&2
    [ ! -f "$checks" ] || tail -n 15 "$checks" >&2
  else
    rm -f "$log" "$checks"
  fi
  rm -rf "$dir"
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

base="http://127.0.0.1:$port"
question='{"query":"{ payloads(first: 1) { nodes { requestId } } }"}'
answers() {
  node -e 'fetch(process.argv[1], { method: "POST", headers: { "Content-Type": "application/json" }, body: process.argv[2], signal: AbortSignal.timeout(5000) })
    .then((r) => r.json()).then((a) => process.exit(a.data?.payloads?.nodes?.length > 0 ? 0 : 1), () => process.exit(1))' "$base/graphql" "$question"
}
deadline=$((SECONDS + 180))
# Announced is what has taken in its whole history, and sends live events from then on.
until grep -q "payload-tracker is running" "$log" && answers; do
  kill -0 "$demo" 2>/dev/null || { echo "The demo ended before it answered." >&2; exit 1; }
  [ "$SECONDS" -lt "$deadline" ] || { echo "The demo did not answer within 3 minutes." >&2; exit 1; }
  sleep 0.5
done

{
  node tools/graphql-http.mjs "$base/graphql"
  node tools/live.mjs "$base/graphql"
  BASE_URL="$base" BROKER="127.0.0.1:$kafka_port" DEMO_DIR="$dir" npm --prefix web run e2e
} 2>&1 | tee "$checks"
