#!/usr/bin/env bash
# Shows payloads as traces in Jaeger itself: builds it, runs it beside the demo, and asks it for the trace of a payload, for failed ones, and for the map of services. Both go on until Ctrl-C; with --once they end then.
# What is built from Go's modules has Jaeger's API and a bare page: the whole page is in Jaeger's image, as compose.yaml runs it.
set -euo pipefail
cd "$(dirname "$0")/.."
version=v1.76.0 # the last that is a Go module of its own

root=$PWD
if [ ! -x bin/jaeger ]; then
  echo "building Jaeger $version (some minutes)"
  module=$(mktemp -d)
  (cd "$module" && go mod init jaeger && go get -tool "github.com/jaegertracing/jaeger/cmd/all-in-one@$version" && go build -o "$root/bin/jaeger" github.com/jaegertracing/jaeger/cmd/all-in-one) >"$module/log" 2>&1 ||
    { tail -n 20 "$module/log" >&2; exit 1; }
  rm -rf "$module"
fi

# Below /tmp and open to all: as root, the private PostgreSQL runs as another user and must reach its data.
dir=$(mktemp -d /tmp/payload-tracker-jaeger.XXXXXX)
chmod 755 "$dir"
page=http://127.0.0.1:16686

set -m # process groups of their own, in which Ctrl-C's signal is not ignored
bin/jaeger >"$dir.jaeger.log" 2>&1 &
jaeger=$!
OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 JOURNEY_TRACES=on JAEGER_URL=$page \
  bin/payload-tracker demo --fresh --rate 20 --dir "$dir" >"$dir.demo.log" 2>&1 &
demo=$!
set +m
stop() {
  trap - EXIT
  kill -INT "$demo" "$jaeger" 2>/dev/null || true
  wait "$demo" "$jaeger" 2>/dev/null || true
  rm -rf "$dir" "$dir.jaeger.log" "$dir.demo.log"
}
trap stop EXIT
trap 'exit 130' INT TERM

echo "waiting for a failed payload's trace: the first come two minutes after the demo has begun"
question='{"query":"{ payloads(filter: {verdict: {eq: FAILED}}, first: 100) { nodes { requestId verdict { sentence } links { trace } } } }"}'
# shellcheck disable=SC2016 # the program is node's
pick='let text = ""; process.stdin.on("data", d => text += d).on("end", () => {
  const found = JSON.parse(text).data.payloads.nodes.find(p => p.links.trace.endsWith("/trace/" + p.requestId));
  if (!found) process.exit(1);
  console.log(found.requestId + " " + found.verdict.sentence);
})'
for _ in $(seq 120); do
  kill -0 "$demo" "$jaeger" 2>/dev/null || { tail -n 20 "$dir.demo.log" "$dir.jaeger.log" >&2; exit 1; }
  if found=$(curl --silent --fail --header 'Content-Type: application/json' --data "$question" http://127.0.0.1:8080/graphql 2>/dev/null | node -e "$pick" 2>/dev/null); then break; fi
  sleep 5
done
[ -n "${found:-}" ] || { echo "No payload was exported within ten minutes." >&2; tail -n 20 "$dir.demo.log" >&2; exit 1; }
id=${found%% *}
sleep 5 # Jaeger writes what it has taken a moment later

PAGE=$page ID=$id SENTENCE=${found#* } node -e '
const { PAGE, ID, SENTENCE } = process.env;
const ask = async path => (await (await fetch(PAGE + path)).json()).data;
(async () => {
  const [trace] = await ask("/api/traces/" + ID);
  console.log(`\n${ID}: ${SENTENCE}`);
  for (const s of trace.spans.sort((a, b) => a.startTime - b.startTime)) {
    const tag = Object.fromEntries(s.tags.map(t => [t.key, t.value]));
    const above = trace.spans.find(p => s.references.some(r => r.spanID === p.spanID));
    console.log(`  ${trace.processes[s.processID].serviceName} (${s.operationName}), ${s.duration / 1000} ms`
      + (above ? `, after ${trace.processes[above.processID].serviceName}` : "") + (tag.error ? `: ${tag["otel.status_description"]}` : ""));
  }
  console.log("\nservices:", (await ask("/api/services")).sort().join(", "));
  const tags = encodeURIComponent(JSON.stringify({ request_id: ID }));
  const root = trace.processes[trace.spans[0].processID].serviceName;
  console.log(`found by its request id in ${root}:`, (await ask(`/api/traces?service=${root}&lookback=3d&limit=5&tags=${tags}`)).map(t => t.traceID).join(" "));
  for (const { parent, child, callCount } of await ask(`/api/dependencies?endTs=${Date.now()}&lookback=${3 * 864e5}`)) {
    console.log(`map: ${parent} → ${child}: ${callCount}`);
  }
})().catch(err => { console.error(err); process.exit(1); });
'
echo
echo "$page/trace/$id and http://127.0.0.1:8080/payloads/$id"
[ "${1:-}" = --once ] && exit 0
echo "Ctrl-C ends both."
wait "$demo"
