#!/usr/bin/env bash
# Runs all tests. The tests start their own throw-away Postgres cluster and S3 servers. Needs a Rust toolchain, and
# Python 3.10 for the tests of the Python package. Prints how long each part took.
#
# If HEIMDALL_IQ_CORPUS names a folder of real recordings, the tests use those too.
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
need_python
need_chromium
# Most tests mostly wait: until a lease expires, or until a server is back.
export RUST_TEST_THREADS=${RUST_TEST_THREADS-6}
part "build" cargo test --locked --workspace --features heimdall-daemon/demo,heimdall-daemon/export --no-run
# All parts run, also after one that fails.
part "tests" cargo test --locked --workspace --features heimdall-daemon/demo,heimdall-daemon/export --no-fail-fast
part "Python" env HEIMDALLD="${CARGO_TARGET_DIR-$PWD/target}/debug/heimdalld" dsp/python/test.sh

printf '\n'
printf '%s\n' "${timings[@]}"
