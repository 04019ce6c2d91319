#!/bin/sh
# The rate of claims while a snapshot is held, for SECONDS (60) each: no snapshot, a snapshot with full scans, a snapshot
# with the claim cursor. Four workers claim ten rows at a time from a backlog of 5,000, delete them and queue as many
# again. 166,000 rows were completed before under the same snapshot. Fails if the rate with the cursor is more than 30 %
# lower than without a snapshot.
#
#   tests/load/held_snapshot.sh [SECONDS]
set -eu
cd "$(dirname "$0")/../.."
HEIMDALL_HELD_SNAPSHOT_SECONDS=${1:-60} exec cargo test --locked --release -p heimdall-daemon --features demo --test it -- \
    --exact outages::held_snapshot::claims_keep_most_of_their_rate_while_a_snapshot_is_held --nocapture
