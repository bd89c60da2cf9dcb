#!/bin/sh
# Prove every function `proof_x` of tests/proof/*_proof.c with CBMC. usage: proof.sh [FILE...]
# A file names the cores that it is about in a line `proves: FILE...`, a proof the size of its world in one `with: ...`
# above it. Each runs twice: once to prove, once to show that the places it calls reachable are, so that no assumption
# empties it. PROOF_OPTIONAL=1: without the tool say so and end with 0. PROOF_CORE=DIR: the cores of another tree.
# SPDX-License-Identifier: BSD-2-Clause
set -u

cbmc=$(tools/build/cbmc.sh fetch) || {
	echo "proofs not run: CBMC is not in the cache and could not be fetched (the cause is above)" >&2
	[ "${PROOF_OPTIONAL:-}" = 1 ] && exit 0
	exit 1
}
core=${PROOF_CORE:-.}
limit=${PROOF_SECONDS:-1800}
[ $# != 0 ] || set -- tests/proof/*_proof.c
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
count=0

# The cores that FILE names, and the world that it starts from.
sources() # FILE
{
	! grep -q '^#include "world.h"' "$1" || echo tests/proof/world.c
	sed -n 's/^\/\* proves: \(.*\) \*\/$/\1/p' "$1" | tr ' ' '\n' | sed "s|^|$core/|"
}

check() # FILE PROOF FLAG...
{
	file=$1 proof=$2
	shift 2
	# shellcheck disable=SC2046,SC2086 # words
	timeout "$limit" nice -n 5 $cbmc --function "$proof" -DONE_CPU -I"$core/include" -I"$core" -I. "$@" --unwind 9 \
		--unwinding-assertions --object-bits 10 --drop-unused-functions "$file" $(sources "$file") >"$log" 2>&1
}

# Sizes that a proof does not set itself are those of the model checker.
sizes() # FLAGS
{
	for size in TABLE_ENTRIES=3u TABLE_GUEST=1u TABLE_UPPER=2u RUN_FRAMES=2u; do
		case $1 in *"-D${size%=*}="*) ;; *) printf -- '-D%s ' "$size" ;; esac
	done
	echo "$1"
}

# 0: proved, and every REACH of it reached; else the cause is in $log.
prove() # FILE PROOF FLAGS
{
	# shellcheck disable=SC2046 # words
	check "$1" "$2" $(sizes "$3") --bounds-check --pointer-check --signed-overflow-check --undefined-shift-check \
		--div-by-zero-check || return 1
	checks=$(sed -n 's/^\*\* 0 of \([0-9]*\) failed.*/\1/p' "$log")
	[ "${checks:-0}" -gt 0 ] || return 1
	# shellcheck disable=SC2046 # words
	check "$1" "$2" $(sizes "$3") -DREACHED --no-standard-checks
	places=$(grep -c ' not reached: .*: FAILURE$' "$log")
	[ "$places" -gt 0 ] && ! grep -q ' not reached: .*: SUCCESS$' "$log"
}

for file; do
	# Lines `proof_x flags`.
	proofs=$(awk '/^\/\* with: / { with = $0; gsub(/^\/\* with: | \*\/$/, "", with) }
		/^void proof_[a-z0-9_]*\(void\)$/ { name = $2; sub(/\(void\)/, "", name); print name, with; with = "" }' \
		"$file")
	while read -r proof flags; do
		start=$(date +%s)
		count=$((count + 1))
		if prove "$file" "$proof" "$flags"; then
			printf 'proved  %-12s %-20s %4s checks %2s places %4s s\n' "$(basename "$file" _proof.c)" "$proof" \
				"$checks" "$places" $(($(date +%s) - start))
		else
			printf 'FAILED  %-12s %-20s %4s s\n' "$(basename "$file" _proof.c)" "$proof" $(($(date +%s) - start))
			grep -aE '(line .*: FAILURE|not reached: .*: SUCCESS)$|error:|ERROR' "$log" |
				sed '/not reached: .*: FAILURE$/d' | grep . || echo "  not done within $limit s"
			status=1
		fi
	done <<-EOF
		$proofs
	EOF
done
[ $count != 0 ] || { echo "error: no proof found in: $*" >&2; exit 1; }
exit $status
