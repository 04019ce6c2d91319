#!/usr/bin/env bash
# Runs the demo: a throw-away Postgres, an S3 server, the daemon, and a session of seven receivers whose recordings
# become rows. Needs a Rust toolchain. Leaves only the build in target/.
#
#   deploy/demo.sh                     runs until Ctrl-C and extracts new sessions
#   deploy/demo.sh --exit              ends after the first session, with status 0 only if every row is correct
#   deploy/demo.sh --recordings DIR    uses a folder of your recordings
set -euo pipefail
# DIR can be relative to the caller's folder, so it is resolved before the folder changes.
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
if [ ! -x target/release/heimdalld ]; then
    echo "demo.sh: the first build takes 3 minutes on two fast cores and 1 GB in target/; then the demo takes seconds."
fi
# For bash before 4.4, an empty array is an unset variable.
exec cargo run --locked --release --package heimdall-daemon --features demo -- demo ${arguments[@]+"${arguments[@]}"}
