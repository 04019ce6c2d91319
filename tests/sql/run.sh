#!/bin/sh
# Runs the checks beside it, each rolled back at its end, on a database that is empty but for sql/install.sql:
#   tests/sql/run.sh postgresql://...
# As a superuser: the checks take the roles in turn, and history is made without triggers.
set -eu
cd "$(dirname "$0")/../.."
failed=0
for check in tests/sql/*.sql; do
    [ "$check" != tests/sql/prepare.sql ] || continue
    if output=$(psql -X -q -v ON_ERROR_STOP=1 -d "$1" -f "$check" 2>&1); then
        echo "ok      $check"
    else
        echo "FAILED  $check"
        echo "$output" | grep -A 5 ERROR
        failed=1
    fi
done
exit $failed
