#!/usr/bin/env bash
# Full load for MINUTES (30): a table of resident memory, file descriptors, connections and the size of feature_queue at the
# end, compared with the values after the first minute and the second autovacuum. Then the rate while a transaction is held
# open for HELD_MINUTES (10). The status is 1 if anything grew.
#
#   tests/load/soak.sh [MINUTES [HELD_MINUTES]]
#
# Starts a temporary Postgres (fsync on), an S3 server and the release build on loopback, and ends them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/needs.sh
source deploy/needs.sh
minutes=${1-30} held=${2-10}
[[ $minutes =~ ^[1-9][0-9]*$ && $held =~ ^[1-9][0-9]*$ ]] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 64; }
need_rust
need_postgres
HEIMDALL_SOAK_FIRST_SECONDS=60 HEIMDALL_SOAK_SECONDS=$(((minutes - 1) * 60 + 1)) HEIMDALL_SOAK_HELD_SECONDS=$((held * 60)) \
    exec cargo test --locked --release --package heimdall-daemon --features demo --test it stress::soak:: -- --nocapture
