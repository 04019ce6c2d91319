#!/bin/sh
# Claims a second while somebody else holds a snapshot, for so many seconds each (60): none held, held without the floor, held
# with it. Four workers claim ten rows at a time from a backlog of 5,000, drop them and queue as many again.
#
#   tests/load/held_snapshot.sh [seconds]
set -eu
cd "$(dirname "$0")/../.."
HEIMDALL_HELD_SNAPSHOT_SECONDS=${1:-60} exec cargo test --locked --release -p heimdall-daemon --features demo --test it -- \
    --exact held_snapshot::claims_keep_most_of_their_rate_while_a_snapshot_is_held --nocapture
