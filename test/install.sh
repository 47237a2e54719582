#!/usr/bin/env bash
# install.sh LINTER brings what `make check` needs: git, a C compiler (for the race detector), PostgreSQL, Chromium, npm
# and its packages under test/, the linter, two mail servers for the tests, Postfix and mailpit, and a forge, Gitea.
# On Debian and its kin missing programs come through apt-get; elsewhere it says what is missing and stops. A second run changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

linter=$1
linter_version=v2.15.0
mailpit_version=1.30.5 # as test/tools/go.mod has it

here() { command -v "$1" >/dev/null 2>&1; }
postgres_here() { here initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
chromium_here() { [ -x "$(test/browser.sh --find || true)" ]; }

if ! here go; then
	echo "Go 1.26 is needed: https://go.dev/dl/" >&2
	exit 1
fi

packages=()
here git       || packages+=(git)
here gcc       || packages+=(gcc libc6-dev)
postgres_here  || packages+=(postgresql)
chromium_here  || packages+=(chromium)
here npm       || packages+=(npm)
[ -x /usr/sbin/postfix ] || packages+=(postfix) # never started as a service by us: tests run one of their own

if [ ${#packages[@]} -gt 0 ]; then
	as_root=()
	[ "$(id -u)" = 0 ] || as_root=(sudo)
	if ! here apt-get || { [ "$(id -u)" != 0 ] && ! here sudo; }; then
		echo "Missing, please install (names as in Debian): ${packages[*]}" >&2
		echo "CHROME_PATH may point to any Chromium or Chrome; PostgreSQL 13 or later is found on PATH by its initdb." >&2
		exit 1
	fi
	echo "== apt-get install ${packages[*]}"
	"${as_root[@]}" apt-get update -qq
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}"
fi

# The browser tests read axe-core from here.
if [ -f test/package-lock.json ] && ! cmp -s test/package-lock.json test/node_modules/.installed; then
	echo "== npm ci"
	npm ci --prefix test --no-audit --no-fund --ignore-scripts
	cp test/package-lock.json test/node_modules/.installed
fi

if [ ! -x "$linter" ]; then
	echo "== golangci-lint $linter_version (built once, about two minutes)"
	mkdir -p "$(dirname "$linter")"
	GOBIN="$PWD/bin" GOFLAGS= go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$linter_version"
	mv bin/golangci-lint "$linter"
fi

# The tests of mail run against a real server.
mailpit=bin/mailpit-$mailpit_version
if [ ! -x "$mailpit" ]; then
	echo "== mailpit $mailpit_version (built once, about two minutes)"
	CGO_ENABLED=0 GOFLAGS= go build -C test/tools -trimpath -o "$PWD/$mailpit" github.com/axllent/mailpit
fi

# The tests of forges run against a real one. Its module replaces dependencies, so that it is built in a copy of its own folder; its
# templates are read from the module cache.
gitea_version=1.26.4 # as internal/source/forge/forgetest has it
gitea=bin/gitea-$gitea_version
gitea_source=$(go env GOMODCACHE)/code.gitea.io/gitea@v$gitea_version
if [ ! -x "$gitea" ] || [ ! -d "$gitea_source/templates" ]; then
	GOFLAGS= go mod download "code.gitea.io/gitea@v$gitea_version"
fi
if [ ! -x "$gitea" ]; then
	echo "== gitea $gitea_version (built once, about eleven minutes of one core)"
	copy=$(mktemp -d)
	trap 'rm -rf "$copy"' EXIT
	cp -R "$gitea_source" "$copy/gitea"
	chmod -R u+w "$copy/gitea"
	GOFLAGS= go build -C "$copy/gitea" -tags 'sqlite sqlite_unlock_notify' -ldflags "-X main.Version=$gitea_version" -o "$PWD/$gitea" .
fi
