#!/usr/bin/env bash
# postgres.sh COMMAND… runs a command beside a PostgreSQL of its own: a new cluster in a temporary folder, on a free port
# of the loopback interface, behind a random password, its address in TEST_POSTGRES_URL. The server stops and the folder
# goes when the command ends, however it ends. PostgreSQL refuses to run as root, so root runs it as postgres or nobody.
#
# CAIRN_POSTGRES_OPTIONS adds server options, e.g. '-c fsync=on' (off by default: these data live for minutes).
set -euo pipefail

programs=$(command -v initdb >/dev/null 2>&1 && dirname "$(readlink -f "$(command -v initdb)")" ||
	compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -1)
if [ -z "$programs" ]; then
	echo "No PostgreSQL found: neither initdb on PATH nor /usr/lib/postgresql. Run 'make install'." >&2
	exit 1
fi

as_server=()
folder=$(mktemp -d "${TMPDIR:-/tmp}/cairn-postgres.XXXXXX")
if [ "$(id -u)" = 0 ]; then
	owner=$(id -un postgres 2>/dev/null || echo nobody)
	as_server=(runuser -u "$owner" --)
	chown "$owner" "$folder"
fi

server=
child=
stop() {
	status=$?
	trap - EXIT INT TERM HUP
	[ -z "$child" ] || kill -TERM "$child" 2>/dev/null || true
	if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then
		kill -QUIT "$server" 2>/dev/null || true # at once: nothing in it is worth a checkpoint
		for _ in $(seq 100); do kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
	fi
	rm -rf "$folder"
	exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '%s\n' "$password" >"$folder/password"
[ ${#as_server[@]} = 0 ] || chown "$owner" "$folder/password"
cd "$folder"
"${as_server[@]}" "$programs/initdb" -D "$folder/data" -U cairn --auth=scram-sha-256 --pwfile="$folder/password" \
	--encoding=UTF8 --locale=C --no-sync >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2; exit 1; }

for _ in 1 2 3 4 5; do
	port=$((20000 + RANDOM % 12000))
	# shellcheck disable=SC2086 # the extra options are meant to be split
	if "${as_server[@]}" "$programs/pg_ctl" -D "$folder/data" -l "$folder/data/server.log" -w -t 60 -o "-h 127.0.0.1 -p $port -k '' \
		-c max_connections=300 -c fsync=off -c synchronous_commit=off -c full_page_writes=off ${CAIRN_POSTGRES_OPTIONS:-}" \
		start >"$folder/start.log" 2>&1; then
		server=$("${as_server[@]}" head -1 "$folder/data/postmaster.pid")
		break
	fi
done
if [ -z "$server" ]; then
	cat "$folder/start.log" "$folder/data/server.log" >&2
	exit 1
fi
cd "$OLDPWD"

export TEST_POSTGRES_URL="postgres://cairn:$password@127.0.0.1:$port/postgres?sslmode=disable"
"$@" <&0 & # in the background, so that a signal is heeded while it runs
child=$!
status=0
wait "$child" || status=$?
child=
exit "$status"
