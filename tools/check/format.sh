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

# Many files a call, whose start costs more than a file; a second look only where something differs.
bad=0
if ! files | xargs clang-format --dry-run -Werror >/dev/null 2>&1; then
	for file in $(files); do
		line=$(clang-format --dry-run "$file" 2>&1 | sed -n '1s/: warning.*//p')
		[ -n "$line" ] || continue
		echo "$line: layout differs" >&2
		bad=$((bad + 1))
	done
	[ $bad != 0 ] || { echo "format: clang-format fails, and names no file" >&2; exit 1; }
fi
echo "format: $(files | wc -l) C files, $bad differ${bad:+ from .clang-format}"
[ "$bad" = 0 ] || { echo "format: run \`make format\`" >&2; exit 1; }
