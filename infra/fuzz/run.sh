#!/usr/bin/env bash
# Fuzzes every target in turn, or those that are named: run.sh RUNS WORK [TARGET...]
# What is found new stays in WORK/corpus. A finding ends the run; its input is in WORK/findings.
# With RUNS=keep nothing is fuzzed: the smallest inputs with the same coverage replace the archives.
set -euo pipefail
runs=$1 work=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
targets=("$@")
if ((${#targets[@]} == 0)); then
	targets=(signatures webhooks answers cursors site_files recurrence)
fi
# Coverage needs no nightly compiler; a sanitizer would, and there is no unsafe code here to look at.
cargo fuzz build --fuzz-dir "$here" --target-dir "$work/target" --sanitizer none
for target in "${targets[@]}"; do
	corpus=$work/corpus/$target findings=$work/findings/$target
	binary=$(echo "$work"/target/*/release/"$target")
	mkdir -p "$corpus" "$findings"
	tar -xzf "$here/corpus/$target.tar.gz" -C "$corpus"
	if [[ $runs == keep ]]; then
		smallest=$(mktemp -d)
		"$binary" -merge=1 -max_len=1024 "$smallest" "$corpus" 2> /dev/null
		tar -C "$smallest" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - . |
			gzip -9n > "$here/corpus/$target.tar.gz"
		continue
	fi
	echo "fuzz: $target, $runs inputs"
	"$binary" -runs="$runs" -max_len=1024 -timeout=10 -dict="$here/names.dict" -verbosity=0 \
		-artifact_prefix="$findings/" -print_final_stats=1 "$corpus"
done
