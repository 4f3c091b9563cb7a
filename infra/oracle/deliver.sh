#!/usr/bin/env bash
# Runs Doorstep on this machine, and posts deliveries to it: deliver.sh BINARY PYTHON NODE_MODULES
set -euo pipefail
cd "$(dirname "$0")"
binary=$1 python=$2 modules=$3 port=8399
"$binary" --port "$port" --data :memory: --sites ../sites > /dev/null 2>&1 &
run=$!
trap 'kill "$run"' EXIT
address=http://127.0.0.1:$port
until curl -sf "$address/healthz" > /dev/null; do kill -0 "$run"; done
"$python" deliver.py "$address/hooks/wharf/spacebring" 100 25
cp deliver.mjs "$modules/../deliver.mjs"
node "$modules/../deliver.mjs" "$address/hooks/wharf/spacebring" 100 25
