#!/bin/sh
# Measures the daemon under load, and compares it with the service that it replaces.
#
#   tests/load/run.sh compare [--only celery|heimdalld] [--sessions N] ...
#       both services on one Postgres and one object store, as a Markdown table with the targets
#   tests/load/run.sh main_job
#       the main job with a real MinIO; the status is 0 if every row is right
#   tests/load/run.sh bucket_away [--recordings 10000] [--seconds 80]
#       one bucket of two is removed from a real MinIO: the delay of recordings in the other bucket, and the cost of the
#       deferred ones
#   tests/load/run.sh scale [--cores 1,2,4,8,16] [--syscalls]
#       one daemon on more and more cores, Postgres and the store on the others: recordings/s, and what is shared
#   tests/load/run.sh extract_speed --reference PATH/features.py [--signal fm|noise|tone]
#       the extractor alone, compared with the NumPy reference and with the bare transforms in FFTW; needs no server
#   tests/load/run.sh samples [--sessions 10000] [--rounds 3]
#       training samples into a NumPy matrix, as JSON and by binary COPY, and with HEIMDALLD into files; needs no store
#   tests/load/run.sh page [--rounds 3] [--pages 10] [--rate 5]
#       what ten open pages of an operator cost: latency at a steady rate, and claims of a backlog, in turns without a page
#       and with ten
#
# Needs: Python 3.11 or later with venv; a Postgres server (/usr/lib/postgresql/*/bin); MinIO;
# for the earlier service also RabbitMQ and Redis (Debian: rabbitmq-server redis-server).
# Servers run on loopback in a temporary directory and end with the script.
#
#   HEIMDALLD             the daemon's release build
#   HEIMDALL_MINIO        the minio binary, if it is not on the PATH
#   HEIMDALL_LOAD_VENV    where the Python packages go (default ~/.cache/heimdall-load)
#   HEIMDALL_LOAD_DIR     where the run's data goes (default the system's temporary directory)
#   HEIMDALL_LOAD_KEEP    if set, the run's data and logs are kept
#   HEIMDALL_REFERENCE    the NumPy reference, to check the earlier service's extractor against
set -eu
case ${1-} in
    compare | main_job | scale | bucket_away | extract_speed | samples) script=$1; shift ;;
    page) script=administrator/page; shift ;;
    *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 64 ;;
esac
load=$(dirname "$0")
venv=${HEIMDALL_LOAD_VENV:-$HOME/.cache/heimdall-load}
if ! cmp -s "$load/celery/requirements.txt" "$venv/requirements.txt"; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet -r "$load/celery/requirements.txt"
    cp "$load/celery/requirements.txt" "$venv/requirements.txt"
fi
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$load"
exec "$venv/bin/python" "$load/$script.py" "$@"
