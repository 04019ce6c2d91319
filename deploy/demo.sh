#!/usr/bin/env bash
# Recordings become rows before one's eyes: a throw-away Postgres, an S3 server, the daemon, a session of seven
# receivers. Needs a Rust toolchain; leaves nothing behind but the build in target/.
#
#   deploy/demo.sh                     stays until Ctrl-C and takes new sessions
#   deploy/demo.sh --exit              ends after the first; status 0 only if every row is as it should be
#   deploy/demo.sh --recordings DIR    a folder of your own recordings in place of the made ones
set -euo pipefail
# Before the folder is changed: DIR may be relative to where the caller stands.
arguments=()
while [ $# -gt 0 ]; do
    case $1 in
    --recordings)
        [ -d "${2-}" ] || { echo "demo.sh: --recordings needs a folder" >&2; exit 64; }
        arguments+=(--recordings "$(cd "$2" && pwd)")
        shift 2
        ;;
    --recordings=*)
        folder=${1#--recordings=}
        shift
        set -- --recordings "$folder" "$@"
        ;;
    *)
        arguments+=("$1")
        shift
        ;;
    esac
done
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=deploy/needs.sh
source deploy/needs.sh

need_rust
need_postgres
# bash before 4.4 takes an empty array for an unset one.
exec cargo run --locked --release --package heimdall-daemon --features demo -- demo ${arguments[@]+"${arguments[@]}"}
