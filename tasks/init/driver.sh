# Runs init scripts one after the other in this one shell, as docker-entrypoint.sh of the official PostgreSQL image does
# (docker-library/postgres, docker_process_init_files and docker_process_sql), and asks db-bootstrap before and after each.
#
# usage: bash driver.sh CHANNEL psql|native FILE...   (or sh, where there is no bash)
#   CHANNEL/reports   a fifo: "start N" and "end N" go there, N counting files from 1
#   CHANNEL/answers   a fifo: "go" comes back; anything else, or its end, ends this shell
#   native            db-bootstrap runs the .sql files by itself while it is asked about their start
set -e
_dbb_reports="$1/reports"
_dbb_decompressed="$1/decompressed"
_dbb_next="$2"
_dbb_host="${PGHOST:-}"
_dbb_index=0

# Scripts may use the single digits; only bash can go beyond them.
if [ -n "${BASH_VERSION:-}" ]; then
	set -E -o pipefail
	_dbb_fd=198
else
	_dbb_fd=9
fi
eval "exec $_dbb_fd<\"\$1/answers\""
shift 2

_dbb_ask() {
	# Opened for both directions, so that it never waits for a reader that died.
	printf '%s\n' "$1" 1<>"$_dbb_reports"
	eval "IFS= read -r _dbb_answer <&$_dbb_fd" || exit 97
	[ "$_dbb_answer" = go ] || exit 96
}

# Runs a SQL script, from standard input or by psql's -f; for scripts that are sourced.
# usage: docker_process_sql [psql-cli-args]
docker_process_sql() {
	if [ -n "${POSTGRES_DB:-}" ]; then
		set -- --dbname "$POSTGRES_DB" "$@"
	fi
	PGHOST="$_dbb_host" PGHOSTADDR='' psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc "$@"
}

# Runs one SQL file. The last statement does nothing, but the server refuses it where the file has left a transaction open.
_dbb_process_file() {
	docker_process_sql -v VERBOSITY=verbose -f "$1" -c '\set QUIET on' -c 'discard all'
}

_dbb_decompress_and_process() {
	if [ -n "${BASH_VERSION:-}" ]; then
		(set -o pipefail; "$@" | _dbb_process_file -)
	else
		# Without pipefail a broken archive would pass unnoticed.
		"$@" >"$_dbb_decompressed" || return
		_dbb_process_file - <"$_dbb_decompressed" || return
		rm -f "$_dbb_decompressed"
	fi
}

# Sets a variable from its twin VAR_FILE, as the image does for its own; for scripts that are sourced.
# usage: file_env VAR [DEFAULT]
file_env() {
	if eval "[ -n \"\${$1:-}\" ] && [ -n \"\${${1}_FILE:-}\" ]"; then
		printf 'error: both %s and %s_FILE are set (but are exclusive)\n' "$1" "$1" >&2
		exit 1
	fi
	if eval "[ -n \"\${${1}_FILE:-}\" ] && [ -z \"\${$1:-}\" ]"; then
		eval "$1=\$(cat \"\$${1}_FILE\")"
	elif eval "[ -z \"\${$1:-}\" ]"; then
		eval "$1=\${2:-}"
	fi
	export "$1"
	unset "${1}_FILE"
}

# "|| exit" and not "set -e" alone: a file that was sourced may have turned that off, and a failure would count as done.
# What a sourced file itself has run fails in that file, which may go on.
_dbb_fail() {
	local status=$?
	[ "$_dbb_how" = inside ] || exit "$status"
	return "$status"
}

# A file that is sourced may call this for files of its own, those of a folder below: they belong to it, and nobody is asked.
docker_process_init_files() {
	if [ -n "${BASH_VERSION:-}" ]; then
		eval 'psql=( docker_process_sql )'
	fi
	local f _dbb_how="$_dbb_next"
	_dbb_next=inside
	for f; do
		if [ "$_dbb_how" != inside ]; then
			_dbb_index=$((_dbb_index + 1))
			printf 'db-bootstrap: file %s: %s\n' "$_dbb_index" "$f"
			_dbb_ask "start $_dbb_index"
		fi
		case "$_dbb_how:$f" in
			*.sh)
				if [ -x "$f" ]; then
					"$f" || _dbb_fail
				else
					# A bare "return" at its head ends with the status of what was before it: that must not be the test's.
					:
					. "$f"
				fi
				;;
			native:*) ;;
			*.sql) _dbb_process_file "$f" || _dbb_fail ;;
			*.sql.gz) _dbb_decompress_and_process gunzip -c "$f" || _dbb_fail ;;
			*.sql.xz) _dbb_decompress_and_process xzcat "$f" || _dbb_fail ;;
			*.sql.zst) _dbb_decompress_and_process zstd -dc "$f" || _dbb_fail ;;
		esac
		if [ "$_dbb_how" != inside ]; then
			_dbb_ask "end $_dbb_index"
		fi
	done
}

docker_process_init_files "$@"
