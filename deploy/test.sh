#!/usr/bin/env bash
# Every test of the project, with all that they need: a throw-away Postgres cluster and S3 servers that the tests start
# themselves. Needs a Rust toolchain. Says how long each part took.
#
# Real recordings are tried too where HEIMDALL_IQ_CORPUS names a folder of them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=deploy/needs.sh
source deploy/needs.sh

timings=()
part() {
    local name=$1 begun=$SECONDS
    shift
    printf '\n== %s: %s\n' "$name" "$*"
    "$@"
    timings+=("$(printf '%5d s  %s' $((SECONDS - begun)) "$name")")
}

need_rust
need_postgres
need_pgbouncer
need_faketime
# Most tests wait most of the time: for a lease to run out, for a server to come back.
export RUST_TEST_THREADS=${RUST_TEST_THREADS-6}
part "build" cargo test --locked --workspace --features heimdall-daemon/demo --no-run
part "tests" cargo test --locked --workspace --features heimdall-daemon/demo

printf '\n'
printf '%s\n' "${timings[@]}"
