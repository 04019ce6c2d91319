#!/usr/bin/env bash
# Builds the image of deploy/container/Dockerfile, runs its compose file, and has a recording extracted. For hosts that
# reach no registry of images: the bases are made here, of Debian's packages and of this host's Rust and MinIO. Needs
# root, podman, podman-compose, debootstrap, curl, Rust and minio. The first run takes about ten minutes on two cores.
#
#   tests/deploy/container.sh [HEIMDALLD]     with a binary for this Debian in place of a build in the container
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/needs.sh
source deploy/needs.sh
# shellcheck source=tests/deploy/recording.sh
source tests/deploy/recording.sh
binary=${1-}
folder=$PWD/target/container
mkdir -p "$folder"
for tool in podman podman-compose debootstrap curl minio rustc; do
    command -v "$tool" >/dev/null || fail "no $tool"
done

# A plain Debian, with a C compiler: base of the builder and of the two servers.
if ! podman image exists localhost/heimdall-debian; then
    if [ ! -e "$folder/debian/usr/bin/gcc" ]; then
        debootstrap --variant=minbase --include=gcc,libc6-dev,ca-certificates bookworm "$folder/debian"
    fi
    tar -C "$folder/debian" -c . | podman import - localhost/heimdall-debian >/dev/null
fi

# As the image that the compose file names: the variables, the folder of scripts, the data's place.
if ! podman image exists localhost/heimdall-postgres; then
    mkdir -p "$folder/postgres"
    cat >"$folder/postgres/entrypoint.sh" <<'SH'
#!/bin/bash
set -e
data=/var/lib/postgresql/data
chown postgres: "$data"
run() { setpriv --reuid postgres --regid postgres --clear-groups "$@"; }
if [ ! -e "$data/PG_VERSION" ]; then
    echo "$POSTGRES_PASSWORD" >/tmp/password
    run initdb -D "$data" -U "$POSTGRES_USER" --pwfile=/tmp/password --auth-host=scram-sha-256 -E UTF8
    echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
    run pg_ctl -D "$data" -w -o "-h ''" start
    run psql -U "$POSTGRES_USER" -d postgres -c "CREATE DATABASE \"$POSTGRES_DB\""
    for script in /docker-entrypoint-initdb.d/*.sql; do
        run psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -f "$script"
    done
    run pg_ctl -D "$data" -w stop
fi
run postgres -D "$data" -h '*'
SH
    chmod +x "$folder/postgres/entrypoint.sh"
    cat >"$folder/postgres/Dockerfile" <<'DOCKERFILE'
FROM localhost/heimdall-debian
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql-15 && \
    ln -s /usr/lib/postgresql/15/bin/* /usr/local/bin/ && mkdir -p /var/lib/postgresql/data /var/run/postgresql
COPY entrypoint.sh /entrypoint.sh
ENTRYPOINT ["/entrypoint.sh"]
DOCKERFILE
    podman build --network host -t heimdall-postgres "$folder/postgres"
fi
if ! podman image exists localhost/heimdall-minio; then
    mkdir -p "$folder/minio"
    cp "$(command -v minio)" "$folder/minio/minio"
    printf 'FROM localhost/heimdall-debian\nCOPY minio /usr/local/bin/minio\nENTRYPOINT ["minio"]\n' >"$folder/minio/Dockerfile"
    podman build -t heimdall-minio "$folder/minio"
fi

# The builder is this host's toolchain in a Debian, or only the binary that was given.
rust=$(rustc --print sysroot)
if [ -n "$binary" ]; then
    mkdir -p "$folder/given"
    cp "$binary" "$folder/given/heimdalld"
    printf '#!/bin/sh\nmkdir -p target/release && cp /heimdalld.given target/release/heimdalld\n' >"$folder/given/cargo"
    chmod +x "$folder/given/cargo"
    printf 'FROM localhost/heimdall-debian\nCOPY heimdalld /heimdalld.given\nCOPY cargo /usr/local/bin/cargo\n' >"$folder/given/Dockerfile"
    podman build -q -t heimdall-rust "$folder/given"
else
    mkdir -p "$folder/rust"
    printf 'FROM localhost/heimdall-debian\nENV PATH=/usr/local/rust/bin:/usr/bin:/bin CARGO_HOME=/usr/local/cargo\n' >"$folder/rust/Dockerfile"
    podman build -q -t heimdall-rust "$folder/rust"
fi
podman build --network host --format docker -f deploy/container/Dockerfile -t localhost/heimdalld \
    --build-arg BUILD_IMAGE=localhost/heimdall-rust \
    --volume "$rust:/usr/local/rust:ro" --volume "${CARGO_HOME:-$HOME/.cargo}/registry:/usr/local/cargo/registry" .

size=$(podman image inspect --format '{{.Size}}' localhost/heimdalld)
user=$(podman image inspect --format '{{.User}}' localhost/heimdalld)
echo "image: $((size / 1000000)) MB, user $user"
[ "$user" = 65532:65532 ] || fail "the image runs as $user"
podman run --rm --read-only --cap-drop ALL localhost/heimdalld --version

export POSTGRES_IMAGE=localhost/heimdall-postgres MINIO_IMAGE=localhost/heimdall-minio HEIMDALLD_IMAGE=localhost/heimdalld
compose=(podman-compose --no-ansi -p heimdall -f deploy/container/compose.yaml)
trap '"${compose[@]}" down --volumes >/dev/null 2>&1 || true' EXIT
"${compose[@]}" up -d

sql() { podman exec -e PGPASSWORD=owner-password -i heimdall_postgres_1 psql -qAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -U owner heimdall "$@"; }
explain() { for name in postgres minio migrate heimdalld; do podman logs --tail 20 "heimdall_${name}_1" 2>&1; done; }
wait_for "ready" curl -sS --fail http://127.0.0.1:9464/readyz
podman exec heimdall_heimdalld_1 /usr/bin/heimdalld health
podman inspect --format 'read-only root: {{.HostConfig.ReadonlyRootfs}}, user: {{.Config.User}}, capabilities: {{.EffectiveCaps}}' heimdall_heimdalld_1
wait_for "podman's own health check passes" podman healthcheck run heimdall_heimdalld_1
page() { curl -sS -o /dev/null -w '%{http_code}' "$@" http://127.0.0.1:9464/actions; }
[ "$(page)" = 303 ] || fail "the page can be read without a token"
for token in page-token page-read-token; do
    [ "$(page -H "Authorization: Bearer $(cat deploy/container/secrets/$token)")" = 200 ] || fail "$token does not open the page"
done

record "$folder/recording.bin" http://127.0.0.1:9000 heimdall:heimdall-password
wait_for "features: the recording in MinIO has its row in PostgreSQL" features 1
begun=$SECONDS
podman stop heimdall_heimdalld_1 >/dev/null
echo "stopped with status $(podman inspect --format '{{.State.ExitCode}}' heimdall_heimdalld_1) after $((SECONDS - begun)) s"
[ "$(podman inspect --format '{{.State.ExitCode}}' heimdall_heimdalld_1)" = 0 ]
