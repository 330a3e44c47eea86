# Sourced by the scripts beside it, from bash with set -euo pipefail.

# A clone may belong to another user than the one who builds: leave git out of it.
export GOFLAGS="${GOFLAGS:-} -buildvcs=false"
exec </dev/null

# Where .ci/packages has npm put what Node.js is to find.
npm_cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/zonda-ci
export NODE_PATH="$npm_cache/node_modules${NODE_PATH:+:$NODE_PATH}"

current=
trap '[ $? = 0 ] || echo "!!! failed in: $current (after $SECONDS s in all)"' EXIT

# step NAME COMMAND... runs one command under a heading, and says how long it took.
step() {
	current=$1
	local began=$SECONDS
	printf '\n=== %s\n' "$1"
	"${@:2}"
	printf -- '--- %s: %d s\n' "$1" $((SECONDS - began))
}
