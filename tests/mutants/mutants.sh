#!/bin/sh
# Break a copy of the hypervisor's cores in one place after the other and see which tests notice.
# usage: mutants.sh BUILD THIRD_PARTY TABLE   (TABLE: docs/mutants.md is written there)
# BUILD holds the unit tests, the fuzz slice and the model's objects; the tree is never touched. Ends non-zero when a
# mutation survives, no longer applies or does not compile. MUTANTS="3 17": only those numbers, and no table.
# MUTANTS_FULL=1 asks the model and the fuzz slice about every mutation, else only about those that no unit test notices.
# SPDX-License-Identifier: BSD-2-Clause
set -u

build=$1 third=$2 table=$3
here=tests/mutants
work=$build/mutants
core=$work/tree/vmm/core
directed='@(dma_table|dma_grant|frame|mmu|grant|table|image|memory|domain|event|ledger|bvt_example|threads)/*'
random='@(world|bvt_oracle|bvt_property)/*'
fuzzed='fuzz/*@(mmu|grant|memory|event|bvt)*'
sanitizers='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer'
include="-I$work/tree -Iinclude -I."
status=0

die()
{
	echo "error: $*" >&2
	exit 1
}

# Links PROGRAM anew from the objects of the last build, listed in a file, with one of them replaced.
link_with() # LIST OBJECT NAME OUTPUT
{
	# shellcheck disable=SC2046 # the list is words
	gcc -fsanitize=address,undefined $(grep -v "/vmm/core/$3.o$" "$1") "$2" -lcriterion -o "$4"
}

# The names of the tests that fail, without repetition.
failing() # LOG
{
	sed -n 's/^\[FAIL\] \([a-z_]*\)::\([a-zA-Z0-9_]*\):.*/\1\/\2/p' "$1" | sort -u
}

unit() # FILE
{
	# shellcheck disable=SC2086 # options are words
	gcc -std=c11 -O1 -g1 $include $sanitizers -c "$core/$1" -o "$work/unit.o" &&
		link_with "$work/unit.list" "$work/unit.o" "$1" "$work/unit-vmm" || return 2
	# The random ones take long and know no name for what they find.
	for suites in "$directed" "$random"; do
		timeout 300 "$work/unit-vmm" -j2 --color=never --timeout 60 --filter="$suites" >"$work/log" 2>&1 && continue
		failing "$work/log" >"$work/names"
		return 0
	done
	return 1
}

# What needs two CPUs to go wrong at once, ThreadSanitizer sees (tests/threads).
race() # FILE
{
	# shellcheck disable=SC2046,SC2086 # words
	gcc -std=c11 -O1 -g1 -D_GNU_SOURCE $include -Itests/fuzz/include -fsanitize=thread -c "$core/$1" -o "$work/race.o" &&
		gcc -fsanitize=thread $(grep -v "/vmm/core/$1.o$" "$work/race.list") "$work/race.o" -o "$work/race" || return 2
	timeout 300 "$work/race" >"$work/race.log" 2>&1 && return 1
	echo race/between_threads_there_is_none >"$work/names"
	return 0
}

fuzz() # FILE
{
	# shellcheck disable=SC2086 # options are words
	gcc -std=c11 -O1 -g1 $include $sanitizers -DTABLE_ENTRIES=512u -DTABLE_GUEST=255u -DTABLE_UPPER=256u \
		-DRUN_FRAMES=8u -c "$core/$1" -o "$work/fuzz.o" &&
		link_with "$work/fuzz.list" "$work/fuzz.o" "$1" "$work/fuzz" || return 2
	timeout 300 "$work/fuzz" -j2 --color=never --timeout 60 --filter="$fuzzed" >"$work/fuzz.log" 2>&1 && return 1
	return 0
}

model()
{
	[ -d tests/model ] || return 1
	make --no-print-directory -s B="$build/mutants/model" T="$third" MODEL_CORE="$core" model-slice \
		>"$work/model.log" 2>&1 && return 1
	return 0
}

answer() # STATUS
{
	case $1 in
	0) echo yes ;;
	1) echo no ;;
	*) echo - ;;
	esac
}

# One row of the table: unit tests by name (two at most, then how many more), model, fuzz slice.
judge() # NUMBER NAME FILE WHY
{
	rm -rf "$work/tree"
	mkdir -p "$work/tree/vmm"
	cp -R vmm/core "$core"
	awk -v n="$1" -f $here/apply.awk $here/list "vmm/core/$3" >"$core/$3" ||
		{ echo "error: mutation '$2' no longer applies to $3" >&2; return 1; }
	cmp -s "vmm/core/$3" "$core/$3" && { echo "error: mutation '$2' changes nothing" >&2; return 1; }
	: >"$work/names"
	unit "$3" 2>"$work/cc.log"
	u=$?
	if [ $u = 1 ]; then
		race "$3" 2>"$work/cc.log"
		u=$?
	fi
	[ $u != 2 ] || { echo "error: mutation '$2' does not compile" >&2; cat "$work/cc.log" >&2; return 1; }
	f=2 m=2
	if [ $u != 0 ] || [ -n "${MUTANTS_FULL:-}" ]; then
		fuzz "$3" 2>"$work/cc.log"
		f=$?
		model
		m=$?
	fi
	count=$(wc -l <"$work/names")
	by=$(head -n 2 "$work/names" | paste -sd ' ')
	[ "$count" -le 2 ] || by="$by and $((count - 2)) more"
	[ $u = 0 ] || by='none'
	printf '| %s | %s | %s | %s | %s | %s |\n' "$2" "$3" "$4" "$by" \
		"$(answer $m)" "$(answer $f)" >>"$work/rows"
	printf '%3s %-36s unit %-3s model %-3s fuzz %-3s\n' "$1" "$2" "$([ $u = 0 ] && echo "$count" || echo no)" \
		"$(answer $m)" "$(answer $f)"
	[ $u = 0 ] || [ $m = 0 ] || [ $f = 0 ] ||
		{ echo "SURVIVOR: '$2' ($3): $4" >&2; return 1; }
}

mkdir -p "$work"
: >"$work/rows"
[ -s "$work/fuzz.list" ] || die "$work has no lists of objects; use \`make mutants\`"
awk -v n=0 -f $here/apply.awk $here/list /dev/null >"$work/all"
while IFS='	' read -r number name file why; do
	case " ${MUTANTS:-$number} " in
	*" $number "*) judge "$number" "$name" "$file" "$why" </dev/null || status=1 ;;
	esac
done <"$work/all"
if [ -z "${MUTANTS:-}" ]; then
	{
		cat $here/head.md
		cat "$work/rows"
	} >"$table"
	echo "$(wc -l <"$work/rows") mutations judged; the table is in $table"
fi
[ $status = 0 ] || echo "mutants FAILED" >&2
exit $status
