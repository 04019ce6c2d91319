# Sourced by scripts of this folder: a throw-away PostgreSQL cluster that ends with the script. As root it uses the account
# postgres.

# start_cluster NAME OPTION…: starts it with these settings. Only a Unix socket, in $dir; no fsync, because the cluster is
# temporary. $bin has the server's programs.
start_cluster() {
    bin=$(pg_config --bindir 2>/dev/null || true)
    [ -x "$bin/initdb" ] || bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    dir=$(mktemp -d "/tmp/heimdall-$1.XXXXXX")
    shift
    as() { "$@"; }
    if [ "$(id -u)" = 0 ]; then
        chown postgres "$dir"
        as() { su postgres -s /bin/sh -c 'exec "$0" "$@"' -- "$@"; }
    fi
    trap 'as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
    trap 'exit 130' INT TERM
    as "$bin/initdb" -D "$dir/data" -A trust -U postgres -E UTF8 --locale=C >/dev/null
    options="-k $dir -c listen_addresses= -c max_wal_size=16GB -c checkpoint_timeout=1h -c fsync=off"
    for option; do
        options="$options -c $option"
    done
    as "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -o "$options" start >/dev/null
}
