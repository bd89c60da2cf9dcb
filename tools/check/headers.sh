#!/bin/sh
# Every ABI header compiles alone, in C11 and in C++, with gcc and with clang, without a
# warning; the base headers likewise in C11. usage: headers.sh BUILD
# SPDX-License-Identifier: BSD-2-Clause
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0
bad=0

alone() # HEADER LANGUAGE COMPILER...
{
	header=$1 language=$2
	shift 2
	# Twice, so that the include guard is tested as well.
	printf '#include <%s>\n#include <%s>\n' "$header" "$header" >"$work/alone.$language"
	for compiler; do
		count=$((count + 1))
		case $language in
		c) set -- -std=c11 -Wstrict-prototypes -Wmissing-prototypes ;;
		*) set -- -std=c++17 ;;
		esac
		"$compiler" "$@" -ffreestanding -Wall -Wextra -Wconversion -Wshadow -Wundef -Wvla \
			-Wno-unused-function -Werror -Iinclude -fsyntax-only "$work/alone.$language" || {
			echo "$header: not with $compiler $1" >&2
			bad=$((bad + 1))
		}
	done
}

for header in include/abi/*.h; do
	alone "${header#include/}" c gcc clang
	alone "${header#include/}" cc g++ clang++
done
for header in include/base/*.h; do
	alone "${header#include/}" c gcc clang
done
echo "headers: $count compilations of single headers (C11, C++17; gcc, clang), $bad failed"
[ $bad = 0 ]
