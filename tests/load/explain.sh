#!/bin/sh
# Shows that the cost of claim, completion and enqueue does not grow with the history. It runs every hot statement of
# sql/queries, and the triggers, under EXPLAIN (ANALYZE, BUFFERS) with generic plans: on a database of 10 thousand
# finished measurements, on one of 10 million, and on the same that was never analysed; all with a million outstanding,
# half of them waiting. It prints the results in one table.
#
#   tests/load/explain.sh [measurements] [directory for the plans]
#
# Makes a throw-away cluster (about 18 GB for 10 million, removed at the end), unless DATABASE_URL names a server
# on which it may create and drop the databases heimdall_explain_small, _large and _unanalysed.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
sql=$here/../../sql
large=${1:-10000000}
small=10000
[ "$large" -ge "$small" ] || { echo "explain.sh: at least $small measurements" >&2; exit 64; }
queued=$((large < 10000000 ? large / 10 : 1000000))
plans=${2:-$(mktemp -d)}
mkdir -p "$plans"

if [ -z "${DATABASE_URL:-}" ]; then
    # Memory for the whole database, so that a first access to a page is no read.
    . "$here/cluster.sh"
    start_cluster explain shared_buffers=9GB maintenance_work_mem=1GB
    DATABASE_URL="postgresql:///postgres?host=$dir&user=postgres"
fi

# Each statement has the name of its file; this script repeats no SQL of the daemon.
for file in "$sql"/queries/*.sql; do
    # The settings of a transaction cannot be prepared.
    [ "$(basename "$file")" != session_settings.sql ] || continue
    echo "PREPARE $(basename "$file" .sql) AS"
    cat "$file"
done > "$plans/prepare.sql"

url_of() { echo "$DATABASE_URL" | sed -E "s#^(postgres(ql)?://[^/?]*)/[^?]*#\1/$1#"; }
run() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }

for size in small large unanalysed; do
    analysed=1
    case $size in
        small) n=$small ;;
        large) n=$large ;;
        unanalysed) n=$large analysed=0 ;;
    esac
    db=heimdall_explain_$size
    run -d "$DATABASE_URL" -c "DROP DATABASE IF EXISTS $db" -c "CREATE DATABASE $db"
    run -d "$(url_of $db)" -f "$sql/install.sql" >/dev/null
    echo "$db: generating $n finished measurements, $queued outstanding" >&2
    run -d "$(url_of $db)" -v "measurements=$n" -v "queued=$queued" -v "analysed=$analysed" \
        -f "$here/explain/data.sql" >&2
done
# All are measured twice, one after the other, and the second round counts: then all are warm, and other load on the
# machine had little time to change.
for size in small large unanalysed small large unanalysed; do
    db=heimdall_explain_$size
    echo "$db: measuring" >&2
    run -d "$(url_of $db)" -v "prepare=$plans/prepare.sql" -v "out=$plans/$size" -f "$here/explain/statements.sql" 2> "$plans/$size.plans" ||
        { grep -A5 ERROR "$plans/$size.plans" >&2; exit 1; }
done

echo "median of 30 runs (sweep 3), generic plans, $queued outstanding; plans in $plans"
printf '%-24s %12s %12s %12s %10s %10s %10s\n' statement "ms at $small" "ms at $large" unanalysed buffers buffers unanalysed
join -t '|' "$plans/small.rows" "$plans/large.rows" | join -t '|' - "$plans/unanalysed.rows" |
    awk -F '|' '{ printf "%-24s %12s %12s %12s %10s %10s %10s\n", $1, $2, $5, $8, $3, $6, $9 }'
for size in small large unanalysed; do
    run -d "$DATABASE_URL" -c "DROP DATABASE heimdall_explain_$size"
done
