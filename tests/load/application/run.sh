#!/bin/sh
# What our triggers cost the application's statements: each statement in a database with them and in one without, in
# turns, by a new connection each time. The application's tables are partitioned by day and never analysed.
#
#   tests/load/application/run.sh [measurements [partitions]]      default 1,000,000 and 365
#
# Makes a throw-away cluster (about 1 GB for a million measurements, removed at the end). Prints the
# median of 31 of each short statement and of 3 of each long one, then the failures of 400 SERIALIZABLE transactions of
# eight connections, then how long the expansion takes for 10,000 notes.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
measurements=${1:-1000000}
partitions=${2:-365}
. "$here/../cluster.sh"
start_cluster application shared_buffers=2GB autovacuum=off max_locks_per_transaction=1024
run() { psql -X -q -v ON_ERROR_STOP=1 -h "$dir" -U postgres "$@"; }

# The application's tables come first, as in an installation that exists.
run -d postgres -c 'CREATE DATABASE without'
run -d without -v "measurements=$measurements" -v "partitions=$partitions" -f "$here/data.sql"
run -d postgres -c 'CREATE DATABASE "with" TEMPLATE without'
run -d with -f "$here/../../../sql/install.sql" >/dev/null
# The same indexes in both.
run -d with -At -c "SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    WHERE c.relname LIKE 'heimdall\_%' AND indrelid IN (SELECT oid FROM pg_class WHERE relname IN
          ('recording_sessions', 'measurements', 'websdr_stations'))" | sed 's/ ON ONLY / ON /; s/$/;/' > "$dir/indexes.sql"
run -d without -f "$dir/indexes.sql"

# The milliseconds of the last statement of a transaction that is rolled back.
once() {
    run -d "$1" -c 'BEGIN' -c '\timing on' -c "$2" -c '\timing off' -c 'ROLLBACK' | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
compare() {
    name=$1 times=$2 statement=$3
    : > "$dir/a"; : > "$dir/b"
    i=0
    while [ $i -lt "$times" ]; do
        once without "$statement" >> "$dir/a"
        once with "$statement" >> "$dir/b"
        i=$((i + 1))
    done
    printf '%-46s %10s %10s\n' "$name" "$(median < "$dir/a")" "$(median < "$dir/b")"
}
echo "$measurements measurements in $partitions partitions, never analysed; $("$bin/postgres" --version);$(
    sed -n 's/^model name.*: / /p' /proc/cpuinfo | head -n 1)"
printf '%-46s %10s %10s\n' 'statement' 'without ms' 'with ms'
compare 'INSERT of 7 measurements' 31 "INSERT INTO heimdall.measurements (id, frequency_hz, iq_data_location, created_at)
    SELECT gen_random_uuid(), 145000000, 'x', timestamptz '2025-06-01 12:00Z' FROM generate_series(1, 7)"
compare 'a session completes' 31 "UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = md5('session17')::uuid"
compare 'a location is set' 31 "UPDATE heimdall.measurements SET iq_data_location = 'y'
    WHERE id = md5('17/1')::uuid AND created_at = timestamptz '2025-01-01 00:00Z' + 17 * interval '5 minutes' + interval '10 ms'"
compare '10,000 sessions complete in one UPDATE' 3 "UPDATE heimdall.recording_sessions SET status = 'completed'
    WHERE id IN (SELECT md5('session' || n)::uuid FROM generate_series(1, 10000) n)"
compare '20,000 sessions in one INSERT' 3 "INSERT INTO heimdall.recording_sessions (status, created_at, duration_seconds)
    SELECT 'completed', timestamptz '2025-01-01 00:00Z' + n * interval '1 minute', 1 FROM generate_series(1, 20000) n"
compare '200,000 measurements in one INSERT' 3 "INSERT INTO heimdall.measurements (id, frequency_hz, iq_data_location, created_at)
    SELECT gen_random_uuid(), 145000000, 'x', timestamptz '2025-01-01 00:00Z' + n * interval '1 minute' FROM generate_series(1, 200000) n"

cat > "$dir/serializable.sql" <<'END'
\set n random(1, 100000)
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) FROM heimdall.recording_sessions WHERE id = md5('session' || :n)::uuid;
INSERT INTO heimdall.measurements (id, frequency_hz, iq_data_location, created_at, recording_session_id)
SELECT gen_random_uuid(), 145000000, 'x', timestamptz '2025-06-01 12:00Z', md5('session' || :n)::uuid FROM generate_series(1, 7);
UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id = md5('session' || :n)::uuid;
COMMIT;
END
for db in without with; do
    failed=$(as "$bin/pgbench" -h "$dir" -U postgres -n -c 8 -t 50 -f "$dir/serializable.sql" "$db" 2>&1 |
        sed -n 's/^number of failed transactions: \([0-9]*\).*/\1/p')
    echo "SERIALIZABLE, 8 connections, 400 transactions, $db triggers: $failed failed"
done
run -d with -c 'TRUNCATE heimdall.change_notes' -c 'ANALYZE heimdall.recording_sessions, heimdall.measurements' \
    -c "INSERT INTO heimdall.change_notes (kind, ids, times) SELECT 'measurement', ARRAY[id], ARRAY[created_at]
        FROM heimdall.measurements LIMIT 10000" \
    -c '\timing on' -c "DO \$\$ BEGIN WHILE (SELECT more FROM heimdall.expand_notes()) LOOP END LOOP; END \$\$" |
    sed -n 's/^Time: \([0-9.]*\) ms.*/10,000 notes of one measurement each, one connection: \1 ms/p'
