#!/bin/sh
# Posts one letter, signed as Standard Webhooks says. Needs curl, openssl, od and tr.
#
#   send.sh ADDRESS SECRET FILE     ADDRESS is .../hooks/{site}/{platform}, SECRET is whsec_..., FILE - is standard input
set -eu
address=$1 secret=$2 file=$3
umask 077
body=$(mktemp)
trap 'rm -f "$body"' EXIT
cat "$file" > "$body"

# One id for each letter, the same each time that it is sent again; a new timestamp each time.
id=msg_$(openssl dgst -sha256 -r < "$body" | cut -c 1-24)
timestamp=$(date +%s)

# The key is what the base64 behind whsec_ stands for.
key=$(printf %s "${secret#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
# What is signed: id, full stop, timestamp, full stop, and the body to its last byte.
signature=$({ printf '%s.%s.' "$id" "$timestamp"; cat "$body"; } |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)

curl -sS -w ' %{http_code}\n' "$address" \
  -H 'content-type: application/json' \
  -H "webhook-id: $id" -H "webhook-timestamp: $timestamp" -H "webhook-signature: v1,$signature" \
  --data-binary "@$body"
