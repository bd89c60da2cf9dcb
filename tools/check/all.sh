#!/bin/sh
# `make check`: every check that needs no run of the system. usage: all.sh BUILD
# Each check says what it looked at; all of them run, and one failure makes the whole red.
# SPDX-License-Identifier: BSD-2-Clause
set -u

build=$1
cd "$(dirname "$0")/../.." || exit 1
status=0
for check in format license arrows headers cores size scripts; do
	"tools/check/$check.sh" "$build" || {
		echo "check $check: FAILED" >&2
		status=1
	}
done
exit $status
