#!/usr/bin/env bash
# The browser test: starts the built demo on free ports in a folder of its own, opens its pages in Chromium, stops it, and sees that nothing is left running.
set -euo pipefail
cd "$(dirname "$0")/.."

CHROMIUM=$(scripts/chromium.sh)
export CHROMIUM

free_port() { node -e 'const s = require("net").createServer(); s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }
port=$(free_port) kafka_port=$(free_port)

# Below /tmp and open to all: as root, the private PostgreSQL runs as another user and must reach its data.
dir=$(mktemp -d /tmp/payload-tracker-e2e.XXXXXX)
chmod 755 "$dir"
log="$dir.log"

bin/payload-tracker demo --fresh --dir "$dir" --port "$port" --kafka-port "$kafka_port" >"$log" 2>&1 &
demo=$!

# Everything that the demo started names its folder: that is how it is found again.
children() { pgrep -f -- "$dir" | grep -vx "$$" || true; }

stop() {
  kill -INT "$demo" 2>/dev/null || true
  for _ in $(seq 100); do kill -0 "$demo" 2>/dev/null || break; sleep 0.2; done
  if kill -0 "$demo" 2>/dev/null; then
    echo "The demo did not stop within 20 s." >&2
    kill -KILL "$demo" 2>/dev/null || true
    return 1
  fi
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
  else
    rm -f "$log"
  fi
  rm -rf "$dir"
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

base="http://127.0.0.1:$port"
answers() { curl -fsS -o /dev/null -m 2 "$base/readyz" 2>/dev/null; }
for _ in $(seq 360); do
  if answers; then break; fi
  kill -0 "$demo" 2>/dev/null || { echo "The demo ended before it answered." >&2; exit 1; }
  sleep 0.5
done
answers || { echo "The demo did not answer within 3 minutes." >&2; exit 1; }

BASE_URL="$base" npm --prefix web run e2e
