#!/bin/sh
# The same sources give the same image, bit for bit, wherever they lie: builds a copy of the tracked
# files in another place and compares. usage: reproducible.sh BUILD [THIRD_PARTY [CONFIG]]
# SPDX-License-Identifier: BSD-2-Clause
set -eu

build=$1
third_party=$(cd "${2:-$build/third-party}" && pwd)
config=${3:-demo}
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

git ls-files -z | xargs -0 cp --parents -t "$copy"
env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -C "$copy" --no-print-directory image B=elsewhere T="$third_party" CONFIG="$config" >"$copy/log" 2>&1 || {
	tail -n 20 "$copy/log" >&2
	exit 1
}
cmp "$build/$config/disk.img" "$copy/elsewhere/$config/disk.img" || {
	echo "reproducible: two builds of the same sources differ" >&2
	exit 1
}
echo "reproducible: $(sha256sum <"$copy/elsewhere/$config/disk.img" | cut -c1-16)... twice, from two places"
