#!/usr/bin/env bash
# clone.sh checks what a stranger gets: everything the build needs is committed, nothing large is, the README is short.
set -euo pipefail
cd "$(dirname "$0")/.."

lines=$(wc -l <README.md)
if [ "$lines" -ge 150 ]; then
	echo "README.md has $lines lines; it stays under 150." >&2
	exit 1
fi

large=$(git ls-files -z | xargs -0 -I{} find {} -maxdepth 0 -size +500k)
if [ -n "$large" ]; then
	printf 'Files over 500 kB do not belong in the repository:\n%s\n' "$large" >&2
	exit 1
fi

clone=$(mktemp -d)
trap 'rm -rf "$clone"' EXIT
git clone --quiet --no-hardlinks . "$clone/cairn"
cd "$clone/cairn"
go build -o "$clone/program" ./cmd/cairn
"$clone/program" --help >/dev/null
