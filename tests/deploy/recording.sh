# shellcheck shell=bash
# A recording for the scripts in this folder. This file is sourced, not run. They define sql, which sends its standard
# input or its arguments to psql.

# Puts a second of noise at 200 kHz into MinIO, as the acquisition service leaves it, and completes its session.
#   record FILE STORE ACCESS_KEY:SECRET_KEY
record() {
    head -c 800000 /dev/urandom | python3 -c '
import array, sys
raw = array.array("h", sys.stdin.buffer.read())
array.array("f", [value / 65536 for value in raw]).tofile(sys.stdout.buffer)' >"$1"
    curl -sS --fail --aws-sigv4 aws:amz:us-east-1:s3 --user "$3" -T "$1" "$2/heimdall-raw-iq/2026/recording.bin"
    sql <<'SQL'
WITH s AS (INSERT INTO heimdall.recording_sessions (status, frequency_hz, duration_seconds)
           VALUES ('recording', 145000000, 1) RETURNING created_at)
INSERT INTO heimdall.measurements (websdr_station_id, frequency_hz, iq_data_location, created_at)
SELECT gen_random_uuid(), 145000000, '2026/recording.bin', created_at FROM s;
UPDATE heimdall.recording_sessions SET status = 'completed' WHERE status = 'recording';
SQL
}

# Whether this many recordings have features.
features() {
    [ "$(sql -c 'SELECT count(*) FROM heimdall.measurement_features WHERE NOT extraction_failed')" = "$1" ]
}

# Waits until a command succeeds.
#   wait_for WHAT COMMAND...
wait_for() {
    local what=$1 tries=120
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { explain; fail "$what: not within two minutes"; }
        sleep 1
    done
    echo "$what"
}

# What a script prints when it waits in vain. Scripts define their own.
explain() { :; }
