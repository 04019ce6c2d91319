#!/bin/sh
# Claims while somebody else holds a snapshot, for so many seconds each (60): none held, held without the floor, held
# with it. Four workers claim ten rows at a time from a backlog of 5,000, drop them and queue as many again; 166,000 rows
# have been worked off before, under the same snapshot. Fails when the floor leaves more than 30 % of loss.
#
#   tests/load/held_snapshot.sh [seconds]
set -eu
cd "$(dirname "$0")/../.."
HEIMDALL_HELD_SNAPSHOT_SECONDS=${1:-60} exec cargo test --locked --release -p heimdall-daemon --features demo --test it -- \
    --exact outages::held_snapshot::claims_keep_most_of_their_rate_while_a_snapshot_is_held --nocapture
