#!/bin/sh
# Layout: every C file reads as .clang-format has it. `make format` rewrites what differs.
# usage: format.sh BUILD, or format.sh --fix [FILE...]
# SPDX-License-Identifier: BSD-2-Clause
set -eu

files()
{
	find . -name '.git' -prune -o -name 'build*' -type d ! -path './tools/build' -prune \
		-o -type f -name '*.[ch]' -print | sort
}

if [ "${1:-}" = --fix ]; then
	shift
	if [ $# -gt 0 ]; then printf '%s\n' "$@"; else files; fi | xargs -r clang-format -i
	exit 0
fi

bad=0
for file in $(files); do
	clang-format --dry-run -Werror "$file" >/dev/null 2>&1 && continue
	line=$(clang-format --dry-run "$file" 2>&1 | sed -n '1s/: warning.*//p')
	echo "${line:-$file}: layout differs" >&2
	bad=$((bad + 1))
done
echo "format: $(files | wc -l) C files, $bad differ${bad:+ from .clang-format}"
[ "$bad" = 0 ] || { echo "format: run \`make format\`" >&2; exit 1; }
