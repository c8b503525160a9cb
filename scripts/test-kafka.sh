#!/usr/bin/env bash
# Proves on a real Apache Kafka, which it fetches and starts, what the Go tests prove on a broker of their own. Needs a JDK and Maven; some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in java mvn; do
  command -v "$tool" >/dev/null 2>&1 || {
    echo "make test-kafka needs $tool: install a JDK (17 or newer) and Maven (Debian: apt-get install openjdk-17-jre-headless maven)" >&2
    exit 1
  }
done

dir=$(mktemp -d "${TMPDIR:-/tmp}/payload-tracker-kafka.XXXXXX")
port=${TEST_KAFKA_PORT:-19192}
trap 'bench/kafka.sh stop "$dir/kafka"; rm -rf "$dir"' EXIT

bench/kafka.sh start "$dir/kafka" "$port"
KAFKA_TEST_SERVER="127.0.0.1:$port" go test -tags kafka -count=1 -timeout 15m -run '^TestOnApacheKafka$' -v ./cmd/payload-tracker
