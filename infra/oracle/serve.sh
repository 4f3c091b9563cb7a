#!/usr/bin/env bash
# Runs Doorstep on this machine with a frozen clock, and a command beside it: serve.sh BINARY COMMAND...
# The address is the command's last argument.
set -euo pipefail
binary=$1 port=8398
shift
"$binary" --port "$port" --data :memory: --sites "$(dirname "$0")/../sites" --reconcile off \
	--clock 2026-07-01T09:00:00Z > /dev/null 2>&1 &
run=$!
trap 'kill "$run"' EXIT
address=http://127.0.0.1:$port
until curl -sf "$address/healthz" > /dev/null; do kill -0 "$run"; done
"$@" "$address"
