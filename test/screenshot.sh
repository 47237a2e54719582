#!/usr/bin/env bash
# screenshot.sh OUT.png takes the picture of the README: a player's scorecard in the demo. ImageMagick, where there is one,
# makes the file smaller.
set -euo pipefail
out=$(realpath "${1:?usage: test/screenshot.sh OUT.png}")
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$scratch"' EXIT
go build -o "$scratch/cairn" ./cmd/cairn
page=$("$scratch/cairn" demo --once --dir "$scratch" 2>&1 | grep -o -m1 '/b/[a-z-]*/players/[^ ]*')
"$scratch/cairn" serve --db "$scratch/demo.db" --listen 127.0.0.1:0 >"$scratch/log" 2>&1 &
server=$!
for _ in $(seq 50); do
	address=$(grep -o -m1 'http://127.0.0.1:[0-9]*' "$scratch/log" || true)
	[ -n "$address" ] && break
	sleep 0.1
done
"$(test/browser.sh --find)" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
	--disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$scratch/browser" \
	--window-size=1280,1540 --screenshot="$scratch/page.png" "$address$page" >/dev/null 2>&1
if command -v convert >/dev/null; then
	convert "$scratch/page.png" -colors 96 -define png:compression-level=9 "$out"
else
	cp "$scratch/page.png" "$out"
fi
