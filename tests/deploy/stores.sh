#!/usr/bin/env bash
# Tries the daemon with real stores, MinIO and the Versity S3 Gateway: path and virtual-host addressing, a proxy, wrong
# keys, regions and buckets before anything is claimed; with MinIO's STS also temporary keys, and keys for one prefix over
# a restart of the store. Needs PostgreSQL, curl, Python 3, a built heimdalld (HEIMDALLD, or target/release/heimdalld) and
# the stores (HEIMDALL_MINIO and HEIMDALL_VERSITYGW, or on the PATH):
#   go install github.com/minio/minio@latest
#   go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
# and SeaweedFS, where HEIMDALL_WEED or the PATH has its program (go build ./weed in its sources). Two minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/needs.sh
source deploy/needs.sh
# shellcheck source=tests/deploy/recording.sh
source tests/deploy/recording.sh
# shellcheck source=tests/load/cluster.sh
source tests/load/cluster.sh

heimdalld=${HEIMDALLD:-$PWD/target/release/heimdalld}
minio=${HEIMDALL_MINIO:-$(command -v minio || true)}
versitygw=${HEIMDALL_VERSITYGW:-$(command -v versitygw || true)}
weed=${HEIMDALL_WEED:-$(command -v weed || true)}
[ -x "$heimdalld" ] || fail "no $heimdalld: build it, or name it in HEIMDALLD"
[ -x "$minio" ] || fail "no MinIO"
[ -x "$versitygw" ] || fail "no versitygw"
# The daemon would name them as settings that do not exist.
unset HEIMDALLD HEIMDALL_MINIO HEIMDALL_VERSITYGW HEIMDALL_WEED
access=heimdall secret=heimdall-password region=eu-central-1 bucket=heimdall-raw-iq domain=store.test

start_cluster stores
stop_cluster=$(trap -p EXIT | sed "s/^trap -- '\(.*\)' EXIT$/\1/;s/'\\\\''/'/g")
store= daemon=
end() {
    if [ -n "$1" ]; then
        kill "$1" 2>/dev/null || true
        wait "$1" 2>/dev/null || true
    fi
}
trap 'end "$daemon"; end "$store"; eval "$stop_cluster"; rm -rf "$dir".*' EXIT
sql() { psql -qAt -v ON_ERROR_STOP=1 -h "$dir" -U postgres -d postgres "$@"; }
url="postgresql://postgres@/postgres?host=$dir"
HEIMDALL_DATABASE_URL=$url "$heimdalld" migrate >/dev/null
# SeaweedFS also takes the port 10000 higher, which must be one.
free_port() {
    python3 -c '
import random, socket
while True:
    port = random.randrange(20000, 30000)
    try:
        for port_too in (port, port + 10000):
            socket.socket().bind(("127.0.0.1", port_too))
    except OSError:
        continue
    print(port)
    break'
}
port=$(free_port) http=$(free_port)
log=$dir.daemon.log
explain() { tail -n 20 "$log" >&2; }

start_store() {
    case $1 in
    minio)
        mkdir -p "$dir.minio/$bucket"
        HOME=$dir.minio MINIO_ROOT_USER=$access MINIO_ROOT_PASSWORD=$secret MINIO_REGION=$region MINIO_DOMAIN=$domain \
            MINIO_UPDATE=off MINIO_BROWSER=off "$minio" server "$dir.minio" --address "127.0.0.1:$port" \
            --console-address "127.0.0.1:$(free_port)" >"$dir.store.log" 2>&1 &
        ;;
    versitygw)
        mkdir -p "$dir.versitygw/$bucket"
        VGW_VIRTUAL_DOMAIN=$domain ROOT_ACCESS_KEY=$access ROOT_SECRET_KEY=$secret \
            "$versitygw" --port "127.0.0.1:$port" --region "$region" posix "$dir.versitygw" >"$dir.store.log" 2>&1 &
        ;;
    seaweedfs)
        mkdir -p "$dir.seaweedfs"
        cat >"$dir.seaweedfs.json" <<JSON
{"identities": [{"name": "heimdall", "credentials": [{"accessKey": "$access", "secretKey": "$secret"}], "actions": ["Admin"]}]}
JSON
        "$weed" server -dir="$dir.seaweedfs" -ip=127.0.0.1 -master.port="$(free_port)" -volume.port="$(free_port)" -filer \
            -filer.port="$(free_port)" -s3 -s3.port="$port" -s3.config="$dir.seaweedfs.json" -s3.domainName="$domain" \
            >"$dir.store.log" 2>&1 &
        ;;
    esac
    store=$!
}
stop_store() { end "$store"; store=; }
put() {
    curl -sS --fail --aws-sigv4 "aws:amz:$region:s3" --user "$access:$secret" -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" "$@"
}

# Starts a daemon with the settings that are passed over those that work.
start_daemon() {
    env HEIMDALL_DATABASE_URL="$url" HEIMDALL_S3_ENDPOINT="http://127.0.0.1:$port" HEIMDALL_S3_BUCKET="$bucket" \
        HEIMDALL_S3_REGION="$region" HEIMDALL_S3_ACCESS_KEY="$access" HEIMDALL_S3_SECRET_KEY="$secret" \
        HEIMDALL_S3_PROBE_INTERVAL=1s HEIMDALL_HTTP_ADDR="127.0.0.1:$http" "$@" "$heimdalld" run >"$log" 2>&1 &
    daemon=$!
}
stop_daemon() { end "$daemon"; daemon=; }
ready() { curl -sS --fail "http://127.0.0.1:$http/readyz"; }
logged() { grep -q -- "$1" "$log"; }
metric() { curl -sS "http://127.0.0.1:$http/metrics" | sed -n "s/^$1 //p"; }
outage() { [ "$(metric 'heimdalld_outage{server="store"}')" = 1 ]; }

# A recording under this key, whose session completes.
extract() {
    local key=$1
    sql >/dev/null <<SQL
WITH s AS (INSERT INTO heimdall.recording_sessions (status, frequency_hz, duration_seconds)
           VALUES ('recording', 145000000, 1) RETURNING id)
INSERT INTO heimdall.measurements (frequency_hz, iq_data_location, recording_session_id, iq_sample_rate)
SELECT 145000000, '$key', id, 200000 FROM s;
UPDATE heimdall.recording_sessions SET status = 'completed' WHERE status = 'recording';
SQL
}
extracted() { [ "$(sql -c "SELECT count(*) FROM heimdall.measurement_features WHERE NOT extraction_failed AND attempts = 1")" = "$1" ]; }
rows=0
works() {
    extract "2026/a b+ü.bin"
    rows=$((rows + 1))
    wait_for "$1" extracted "$rows"
}

# A setting that is wrong is known before anything is claimed.
refuses() {
    local what=$1 says=$2
    shift 2
    start_daemon "$@"
    wait_for "$what: heimdalld_outage is 1" outage
    logged "$says" || { explain; fail "'$says' is not in the log"; }
    if ready >/dev/null 2>&1; then fail "$what: /readyz is 200"; fi
    [ -z "$(metric 'heimdalld_claims_total{source="live"}' | grep -v '^0$')" ] || fail "$what: something was claimed"
    stop_daemon
}

head -c 1600000 /dev/urandom | python3 -c '
import array, sys
raw = array.array("h", sys.stdin.buffer.read()[:800000])
array.array("f", [value / 65536 for value in raw]).tofile(sys.stdout.buffer)' >"$dir.bin"

stores=(minio versitygw)
[ ! -x "$weed" ] || stores+=(seaweedfs)
for name in "${stores[@]}"; do
    echo "== $name"
    start_store "$name"
    [ "$name" != seaweedfs ] || wait_for "the store has a bucket" put -X PUT "http://127.0.0.1:$port/$bucket"
    wait_for "the store takes objects" put -T "$dir.bin" "http://127.0.0.1:$port/$bucket/2026/a%20b%2B%C3%BC.bin"
    start_daemon
    wait_for "ready" ready
    works "path addressing"
    stop_daemon
    # The store takes requests as a proxy does, so that no name server is needed for its virtual hosts.
    for addressing in path virtual; do
        start_daemon "HEIMDALL_S3_ENDPOINT=http://$domain:$port" HEIMDALL_S3_ADDRESSING=$addressing "HTTP_PROXY=http://127.0.0.1:$port"
        wait_for "ready through a proxy" ready
        works "$addressing addressing through a proxy"
        stop_daemon
    done
    refuses "wrong secret" SignatureDoesNotMatch HEIMDALL_S3_SECRET_KEY=another-password
    refuses "wrong key" "object store away" HEIMDALL_S3_ACCESS_KEY=another
    refuses "wrong bucket" NoSuchBucket HEIMDALL_S3_BUCKET=another-bucket
    # SeaweedFS takes any region.
    [ "$name" = seaweedfs ] || refuses "wrong region" "HEIMDALL_S3_REGION=$region" HEIMDALL_S3_REGION=us-west-2
    refuses "wrong endpoint" "onnect" HEIMDALL_S3_ENDPOINT=http://127.0.0.1:1
    stop_store
done

echo "== minio, temporary keys"
start_store minio
wait_for "the store takes objects" put -T "$dir.bin" "http://127.0.0.1:$port/$bucket/2026/a%20b%2B%C3%BC.bin"
# Temporary keys may do what their user may and what this policy says.
policy='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::'$bucket'/2026/*"}]}'
element() { sed -n "s:.*<$1>\(.*\)</$1>.*:\1:p" <<<"$answer"; }
answer=$(curl -sS --aws-sigv4 "aws:amz:$region:sts" --user "$access:$secret" "http://127.0.0.1:$port/" \
    --data-urlencode Action=AssumeRole --data-urlencode Version=2011-06-15 --data-urlencode DurationSeconds=900 \
    --data-urlencode "Policy=$policy")
[ -n "$(element SessionToken)" ] || fail "no temporary keys: $answer"
temporary=("HEIMDALL_S3_ACCESS_KEY=" "HEIMDALL_S3_SECRET_KEY=" "AWS_ACCESS_KEY_ID=$(element AccessKeyId)"
    "AWS_SECRET_ACCESS_KEY=$(element SecretAccessKey)" "AWS_SESSION_TOKEN=$(element SessionToken)")
refuses "temporary keys without their token" "object store away" "${temporary[@]:0:4}"
start_daemon "${temporary[@]}"
wait_for "the log says what the key may not do" logged "the key may not list this bucket"
wait_for "ready" ready
works "temporary keys for a prefix"
stop_store
extract "2026/a b+ü.bin"
wait_for "without the store: an outage" outage
start_store minio
rows=$((rows + 1))
wait_for "after the restart of the store the prefix is read on" extracted "$rows"
stop_daemon
[ "$(sql -c 'SELECT count(*) FROM heimdall.measurement_features WHERE extraction_failed')" = 0 ]
stop_store
echo "all rows have features, $rows of them"
