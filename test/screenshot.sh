#!/usr/bin/env bash
# screenshot.sh FOLDER takes the pictures of the documents: scorecard.png, a player's own scorecard in the demo, as the
# link in their letter opens it, and letter.png, that letter. ImageMagick, where there is one, makes the files smaller.
set -euo pipefail
out=$(realpath "${1:?usage: test/screenshot.sh FOLDER}")
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$scratch"' EXIT
go build -o "$scratch/cairn" ./cmd/cairn
page=$("$scratch/cairn" demo --once --dir "$scratch" 2>&1 | grep -o -m1 '/b/[a-z-]*/players/[^ ]*')
player=${page##*/}
address=http://localhost:$((20000 + $$ % 20000)) # letters need to know it
"$scratch/cairn" serve --db "$scratch/demo.db" --listen "${address#http://}" >"$scratch/log" 2>&1 &
server=$!
# The letter to the player lands in a folder; its link opens the player's own page.
for _ in $(seq 150); do
	letter=$(grep -l -m1 -r "^To: .*$player@" "$scratch/demo.mail" 2>/dev/null || true)
	[ -n "$letter" ] && break
	sleep 0.2
done
own=$(sed -e ':a' -e '/=\r\?$/{N;s/=\r\?\n//;ba}' "$letter" | grep -o -m1 "$address/p/[A-Za-z0-9_-]*" | head -n 1 || true)
# take ADDRESS SIZE NAME
take() {
	"$(test/browser.sh --find)" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$scratch/browser" \
		--window-size="$2" --screenshot="$scratch/$3" "$1" >/dev/null 2>&1
	if command -v convert >/dev/null; then
		convert "$scratch/$3" -colors 96 -define png:compression-level=9 "$out/$3"
	else
		cp "$scratch/$3" "$out/$3"
	fi
}
take "$own" 1280,1060 scorecard.png
"$scratch/cairn" newsletter preview social-selling --player "$player" --db "$scratch/demo.db" --html "$scratch/letter.html" >/dev/null
take "file://$scratch/letter.html" 680,1640 letter.png
