#!/usr/bin/env bash
# Measures bin/payload-tracker on a real Apache Kafka and a private PostgreSQL (or BENCH_DSN) and prints a table; arguments go to the program bench/ingest.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$(mktemp -d /tmp/payload-tracker-bench.XXXXXX)
port=${BENCH_KAFKA_PORT:-19092}
trap 'bench/kafka.sh stop "$dir/kafka"; rm -rf "$dir"' EXIT

bench/kafka.sh start "$dir/kafka" "$port"
go build -o "$dir/ingest" ./bench/ingest
"$dir/ingest" -brokers "127.0.0.1:$port" "$@"
