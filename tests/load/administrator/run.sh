#!/bin/sh
# How long an administrator's statements take: each by a new connection, with PostgreSQL's own settings, in a transaction
# that is rolled back. The application's tables are partitioned by day.
#
#   tests/load/administrator/run.sh [measurements [partitions]]      default 1,000,000 and 400
#
# Makes a throw-away cluster (about 2 GB for a million measurements, removed at the end). Prints the
# milliseconds of each statement, and what it says while it works.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
measurements=${1:-1000000}
partitions=${2:-400}
. "$here/../cluster.sh"
start_cluster administrator shared_buffers=2GB max_locks_per_transaction=1024
run() { psql -X -q -v ON_ERROR_STOP=1 -h "$dir" -U postgres "$@"; }

run -d postgres -v "measurements=$measurements" -v "partitions=$partitions" -f "$here/../application/data.sql"
run -d postgres -f "$here/../../../sql/install.sql" >/dev/null
run -d postgres -v "measurements=$measurements" -f "$here/data.sql" >/dev/null
echo "$measurements measurements in $partitions partitions; $("$bin/postgres" --version);$(
    sed -n 's/^model name.*: / /p' /proc/cpuinfo | head -n 1)"

# The milliseconds of a statement, and its notices.
measure() {
    printf '%-44s ' "$1"
    run -d postgres -c 'BEGIN' -c '\timing on' -c '\o /dev/null' -c "$2" -c '\timing off' -c 'ROLLBACK' 2>&1 |
        sed -n 's/^Time: \([0-9.]*\) ms.*/\1 ms/p; s/^NOTICE:  /says: /p' | tr '\n' ' '
    echo
}
n=$((measurements / 7 / 200))
session="md5('session${n}00')::uuid" measurement="md5('${n}00/3')::uuid"
measure 'count: keep_coverage, one turn' "SELECT * FROM heimdall.keep_coverage()"
measure 'session_coverage of a session' "SELECT * FROM heimdall.session_coverage WHERE recording_session_id = $session"
measure 'status_of a measurement' "SELECT * FROM heimdall.status_of(measurement => $measurement)"
measure 'status_of a session' "SELECT * FROM heimdall.status_of(session => $session)"
measure 'session_features of a session' "SELECT * FROM heimdall.session_features WHERE recording_session_id = $session"
measure 'the same without receivers_missing' "SELECT receiver_features FROM heimdall.session_features
    WHERE recording_session_id = $session"
measure 'feature_samples of a session' "SELECT * FROM heimdall.feature_samples WHERE recording_session_id = $session"
measure 'feature_failures' "SELECT * FROM heimdall.feature_failures"
measure 'feature_backlog' "SELECT * FROM heimdall.feature_backlog"
measure 'backfill_progress' "SELECT * FROM heimdall.backfill_progress"
measure 'extraction_workers' "SELECT * FROM heimdall.extraction_workers"
measure 'prioritise' "SELECT heimdall.prioritise($session)"
measure 'retry_measurement' "SELECT heimdall.retry_measurement(md5('${n}00/1')::uuid)"
measure 'cancel_measurement' "SELECT heimdall.cancel_measurement($measurement)"
measure 'extract_again, a measurement' "SELECT * FROM heimdall.extract_again(measurement => $measurement)"
measure 'extract_again, a session' "SELECT * FROM heimdall.extract_again(session => $session)"
measure 'extract_again, a day' "SELECT * FROM heimdall.extract_again(since => '2025-02-01', until => '2025-02-02')"
measure 'retry_failed' "SELECT * FROM heimdall.retry_failed()"
measure 'purge_features, a month' "SELECT * FROM heimdall.purge_features(older_than => '2025-02-01')"
measure 'purge_features, orphans of a month' "SELECT * FROM heimdall.purge_features('2025-02-01', true)"
measure 'request_backfill of 250 sessions' "SELECT * FROM heimdall.request_backfill(50, 5)"
measure 'pause_extraction' "SELECT heimdall.pause_extraction()"
