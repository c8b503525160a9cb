#!/usr/bin/env bash
# A real Apache Kafka on this machine for measuring: one KRaft node, from Maven Central. Needs a JDK (17 or newer) and Maven.
#   bench/kafka.sh start DIR [PORT]   fetches it (once, into the user's cache folder), formats DIR, starts it, waits until it answers
#   bench/kafka.sh stop DIR
set -euo pipefail

version=${KAFKA_VERSION:-4.2.0}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/payload-tracker/kafka-$version

fetch() {
  [ -f "$cache/.complete" ] && return
  mkdir -p "$cache"
  cat >"$cache/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>bench</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency></dependencies>
</project>
POM
  echo "Fetching Apache Kafka $version…" >&2
  mvn -q -B -f "$cache/pom.xml" dependency:copy-dependencies -DoutputDirectory="$cache/lib" -DincludeScope=runtime >&2
  touch "$cache/.complete"
}

start() {
  local dir=$1 port=${2:-19092}
  fetch
  mkdir -p "$dir"
  cat >"$dir/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$dir/log
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
PROPERTIES
  local java=(java -Xmx512m -cp "$cache/lib/*")
  if [ ! -f "$dir/log/meta.properties" ]; then
    "${java[@]}" kafka.tools.StorageTool format --cluster-id "$("${java[@]}" kafka.tools.StorageTool random-uuid 2>/dev/null | tail -n 1)" \
      --config "$dir/server.properties" >"$dir/format.out" 2>&1
  fi
  "${java[@]}" kafka.Kafka "$dir/server.properties" >"$dir/kafka.out" 2>&1 &
  echo $! >"$dir/kafka.pid"
  for _ in $(seq 120); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return; fi
    kill -0 "$(cat "$dir/kafka.pid")" 2>/dev/null || break
    sleep 0.5
  done
  echo "Kafka did not start; its last lines:" >&2
  tail -n 20 "$dir/kafka.out" >&2
  return 1
}

stop() {
  local pid
  pid=$(cat "$1/kafka.pid" 2>/dev/null) || return 0
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 60); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.5; done
  kill -KILL "$pid" 2>/dev/null || true
}

case "${1:-}" in
start) start "${2:?a folder}" "${3:-}" ;;
stop) stop "${2:?a folder}" ;;
*) sed -n '2,4s/^# *//p' "$0" && exit 2 ;;
esac
