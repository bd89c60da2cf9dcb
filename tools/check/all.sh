#!/bin/sh
# `make check`: every check that needs no run of the system. usage: all.sh BUILD THIRD_PARTY
# Each check says what it looked at; all of them run, and one failure makes the whole red.
# SPDX-License-Identifier: BSD-2-Clause
set -u

build=$1
third_party=$2
cd "$(dirname "$0")/../.." || exit 1
status=0
for check in format license arrows headers cores size scripts reproducible; do
	"tools/check/$check.sh" "$build" "$third_party" || {
		echo "check $check: FAILED" >&2
		status=1
	}
done
exit $status
