#!/bin/bash
# Upgrades the database from each earlier state of sql/ in the repository's history to the present one, with sessions in the
# queue and a backfill that runs. The result must have all definitions of a new installation, nothing may stand in the way,
# and a session that completes afterwards must be queued.
#
#   tests/deploy/upgrades.sh [commit …]      default: every commit of the first parents that changes sql/schema
#
# Needs PostgreSQL and the history. Makes a throw-away cluster, removed at the end.
set -euo pipefail
export LC_ALL=C PGOPTIONS='-c client_min_messages=warning'
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/load/cluster.sh"
start_cluster upgrades
run() { psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$dir" -U postgres "$@"; }
install() { run -o /dev/null -d "$1" -f "$2/sql/install.sql"; }
# Without comments, and without what differs in every dump. Lines of a function are sorted too, so their order does not count.
definitions() {
    "$bin/pg_dump" --schema-only --no-comments -h "$dir" -U postgres "$1" |
        grep -vE '^(--|\\|SET |SELECT pg_catalog.set_config|$)' | sed 's/,$//' | sort
}

commits=${*:-$(git -C "$root" log --first-parent --format=%h -- sql/schema)}
run -d postgres -c 'CREATE DATABASE fresh'
install fresh "$root"
definitions fresh >"$dir/fresh"
failed=0
for commit in $commits; do
    rm -rf "$dir/sql" && mkdir "$dir/sql"
    git -C "$root" archive "$commit" sql | tar -x -C "$dir/sql"
    run -d postgres -c 'DROP DATABASE IF EXISTS earlier' -c 'CREATE DATABASE earlier'
    install earlier "$dir/sql"
    run -o /dev/null -d earlier <<'SQL'
INSERT INTO heimdall.recording_sessions (id, status, frequency_hz, duration_seconds, created_at)
SELECT md5('session' || i)::uuid, 'recording', 145000000, 10, timestamptz '2026-01-01 00:00Z' + i * interval '1 minute' FROM generate_series(1, 5) i;
INSERT INTO heimdall.measurements (id, iq_data_location, created_at)
SELECT md5(i || '/' || k)::uuid, 'a.bin', timestamptz '2026-01-01 00:00Z' + i * interval '1 minute' FROM generate_series(1, 5) i, generate_series(1, 7) k;
INSERT INTO heimdall.measurement_features (timestamp, measurement_id, recording_session_id, receiver_features, overall_confidence, mean_snr_db, num_receivers_detected)
SELECT created_at, id, md5('session1')::uuid, ARRAY['{"rx_id": "a"}'::jsonb], 1, 1, 1 FROM heimdall.measurements ORDER BY created_at LIMIT 3;
UPDATE heimdall.recording_sessions SET status = 'completed' WHERE id <> md5('session5')::uuid;
SELECT heimdall.request_backfill();
SQL
    install earlier "$root"
    install earlier "$root"
    definitions earlier >"$dir/earlier"
    said=$(
        diff "$dir/fresh" "$dir/earlier" | grep '^<' || true
        run -d earlier -c "SELECT finding FROM heimdall.find_obstacles()"
        run -o /dev/null -d earlier -c "UPDATE heimdall.recording_sessions SET status = 'completed'" -c "SELECT heimdall.expand_notes()"
        run -d earlier -c "SELECT format('%s outstanding, not 32', count(*)) FROM heimdall.feature_queue HAVING count(*) <> 32"
        run -d earlier -c "SELECT format('%s pending, not 32', measurements_pending) FROM heimdall.feature_coverage WHERE measurements_pending <> 32"
    )
    echo "$commit $(git -C "$root" ls-tree --name-only "$commit" "$root/sql/schema/" | tail -n 1 | xargs basename): ${said:-well}"
    [ -z "$said" ] || failed=1
done
exit $failed
