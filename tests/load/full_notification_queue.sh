#!/usr/bin/env bash
# Fills the server's notification queue to the last page, while a session that listens keeps a transaction open. Checks that
# the transactions of the application and the daemon still succeed, and what `heimdalld doctor` prints.
#
#   tests/load/full_notification_queue.sh
#
# Two minutes, and 8 GB in the system's temporary directory. From PostgreSQL 17 on the normal tests include it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/needs.sh
source deploy/needs.sh
[ $# = 0 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 64; }
need_rust
need_postgres
HEIMDALL_FULL_NOTIFICATION_QUEUE=1 \
    exec cargo test --locked --package heimdall-daemon --features demo --test it outages::full_notification_queue:: -- --nocapture
