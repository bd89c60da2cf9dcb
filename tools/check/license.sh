#!/bin/sh
# Every source file, script and build file carries one SPDX line of the project's licence.
# usage: license.sh BUILD
# SPDX-License-Identifier: BSD-2-Clause
set -eu

files=$(find . -name '.git' -prune -o -name 'build*' -type d ! -path './tools/build' -prune -o \
	-type f \( -name '*.[chS]' -o -name '*.ld' -o -name '*.sh' -o -name '*.def' \
	-o -name Makefile -o -path './.ci/*' \) -print | sort)
bad=0
for file in $files; do
	grep -q 'SPDX-License-Identifier: BSD-2-Clause' "$file" && continue
	echo "$file: no SPDX line" >&2
	bad=$((bad + 1))
done
echo "license: $(echo "$files" | wc -l) files, $bad without their SPDX line"
[ "$bad" = 0 ]
