#!/usr/bin/env bash
# browser.sh --find prints the path of a Chromium or Chrome. browser.sh COMMAND… runs the command with CHROME_PATH set to it;
# CHROME_PATH, where it is set already, is taken as it is.
set -euo pipefail

find_browser() {
	if [ -n "${CHROME_PATH:-}" ]; then
		echo "$CHROME_PATH"
		return
	fi
	for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
		command -v "$name" && return
	done
	for path in '/Applications/Chromium.app/Contents/MacOS/Chromium' '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'; do
		[ -x "$path" ] && echo "$path" && return
	done
	echo "No Chromium or Chrome found; set CHROME_PATH." >&2
	return 1
}

if [ "${1:-}" = --find ]; then
	find_browser 2>/dev/null
	exit
fi
CHROME_PATH=$(find_browser)
export CHROME_PATH
exec "$@"
