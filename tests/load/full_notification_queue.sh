#!/usr/bin/env bash
# Fills the server's notification queue to the last page, which a session that listens and keeps a transaction open holds up, and looks
# whether the application's and the daemon's transactions go through all the same, and what `heimdalld doctor` says of it.
#
#   tests/load/full_notification_queue.sh
#
# Two minutes and 8 GB in the system's temporary directory; none of both from PostgreSQL 17 on, where the normal tests have it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/needs.sh
source deploy/needs.sh
[ $# = 0 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 64; }
need_rust
need_postgres
HEIMDALL_FULL_NOTIFICATION_QUEUE=1 \
    exec cargo test --locked --package heimdall-daemon --features demo --test it outages::full_notification_queue:: -- --nocapture
