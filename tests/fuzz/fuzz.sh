#!/bin/sh
# Run each fuzz target for some seconds. usage: fuzz.sh PROGRAM FOLDER SECONDS SEED TARGET...
# Corpora and findings stay in FOLDER/TARGET; a later run goes on from them. Ends non-zero at a finding,
# which stands in FOLDER/TARGET/finding-*: FUZZ_TARGET=TARGET PROGRAM that file shows it again.
# SPDX-License-Identifier: BSD-2-Clause
set -u

program=$1 folder=$2 seconds=$3 seed=$4
shift 4
status=0
printf '%-8s %6s %10s %8s %10s  %s\n' target seed executions corpus seconds findings
for target; do
	dir=$folder/$target
	mkdir -p "$dir/seeds" "$dir/corpus" || exit 1
	rm -f "$dir"/finding-*
	start=$(date +%s)
	FUZZ_TARGET=$target FUZZ_SEEDS=$dir/seeds "$program" -max_total_time="$seconds" -seed="$seed" \
		-max_len=8192 -timeout=30 -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$dir/finding-" \
		"$dir/corpus" "$dir/seeds" >"$dir/log" 2>&1
	code=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$dir/log")
	found=$(find "$dir" -maxdepth 1 -name 'finding-*' | wc -l)
	printf '%-8s %6s %10s %8s %10s  %s\n' "$target" "$seed" "${runs:-?}" \
		"$(find "$dir/corpus" -type f | wc -l)" "$(($(date +%s) - start))" "$found"
	if [ $code != 0 ] || [ "$found" != 0 ]; then
		grep -aE 'FINDING|ERROR|CHECK\(|runtime error|^error' "$dir/log" | head -n 3 >&2
		find "$dir" -maxdepth 1 -name 'finding-*' >&2
		status=1
	fi
done
[ $status = 0 ] || echo "fuzzing found something: show it with FUZZ_TARGET=NAME $program FILE" >&2
exit $status
