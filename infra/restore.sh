#!/usr/bin/env bash
# Puts what Doorstep knew at an earlier instant back into its table, from a table that AWS restored beside it:
#
#   infra/restore.sh TABLE RESTORED-TABLE
#
# docs/operations.md says when, and what must stand still meanwhile. What happened stays: the audit chains, the site files
# and the vendors' tokens are left as they are now. What was read of the doors is forgotten, so that the next reconcile
# takes the groups over again and knows who came since. It needs the AWS CLI and jq, and can be repeated.
set -euo pipefail

if [ $# -ne 2 ]; then
  sed -n 's/^# \{0,1\}//; 4p' "$0" >&2
  exit 2
fi
table=$1 restored=$2

# All but what happened.
goes='select(.sk.S != "token" and .pk.S != "sites" and (.sk.S | startswith("records#") | not)
  and (.pk.S | (endswith("#audit") or endswith("#site")) | not))'
comes_back="$goes | select(.pk.S | endswith(\"#read\") | not)"

# Carries out requests, 25 at a time; what the table hands back is sent again.
carry_out() {
  jq -c --arg table "$table" '. as $all | range(0; length; 25) as $n | {($table): $all[$n:$n + 25]}' |
    while read -r batch; do
      while [ "$batch" != "{}" ]; do
        batch=$(aws dynamodb batch-write-item --request-items file:///dev/stdin --output json <<<"$batch" |
          jq -c '.UnprocessedItems // {}')
      done
    done
}

items() { aws dynamodb scan --consistent-read --table-name "$1" --output json "${@:2}"; }

# All of it is read before anything is deleted.
earlier=$(mktemp)
trap 'rm -f "$earlier"' EXIT
items "$restored" | jq -c "[.Items[] | $comes_back | {PutRequest: {Item: .}}]" >"$earlier"
echo "$(jq length "$earlier") items come back"
items "$table" --projection-expression pk,sk | jq -c "[.Items[] | $goes | {DeleteRequest: {Key: .}}]" | carry_out
carry_out <"$earlier"
