#!/bin/sh
# Every shell script of the tree, found by its first line, passes shellcheck. usage: scripts.sh BUILD
# A warning of any level is a failure.
# SPDX-License-Identifier: BSD-2-Clause
set -eu

scripts=$(find . -name '.git' -prune -o -name 'build*' -type d ! -path './tools/build' -prune -o \
	-type f ! -name '*.[chS]' -print | sort | while read -r file; do
	case $(head -c 40 "$file" | head -n 1 | tr -d '\000') in
	'#!'*sh*) echo "$file" ;;
	esac
done)
# shellcheck disable=SC2086 # no script of ours has a blank in its name
shellcheck -x $scripts
echo "scripts: $(echo "$scripts" | wc -l) scripts pass shellcheck"
