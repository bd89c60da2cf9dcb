#!/bin/sh
# Run the Criterion test programs and judge them. usage: test.sh BUILD PROGRAM...
# Fails when a program fails, when one holds no test, or when there is no program at all; ends
# with each program's closing line. Two jobs at most: each system test may run a QEMU.
# SPDX-License-Identifier: BSD-2-Clause
set -u

build=$1
shift
if [ $# = 0 ]; then
	echo "error: no tests found: tests/unit and tests/system are empty" >&2
	exit 1
fi

CAMBIUM_BUILD=$(cd "$build" && pwd) || exit 1
export CAMBIUM_BUILD
LSAN_OPTIONS=suppressions=$(cd "$(dirname "$0")" && pwd)/lsan.supp:print_suppressions=0
export LSAN_OPTIONS
status=0
summary=
for program; do
	log=$program.log
	echo "== $program"
	# The pipe's status is tee's, so the program leaves its own in a file.
	{ "$program" -j2 --color=never ${FILTER:+--filter="$FILTER"} 2>&1; echo $? >"$log.status"; } | tee "$log"
	code=$(cat "$log.status")
	line=$(grep -a 'Synthesis:' "$log" | tail -n 1)
	case $line in
	'') line="no summary, exit status $code"; code=1 ;;
	*'Tested: 0 '*) line="$line: it holds no test"; code=1 ;;
	esac
	[ "$code" = 0 ] || status=1
	summary="$summary$program: $line
"
done
printf '\n%s' "$summary"
[ $status = 0 ] || echo "tests FAILED"
exit $status
