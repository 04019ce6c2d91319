#!/usr/bin/env bash
# Builds the Debian package and tries it in a Debian of its own, which boots with systemd: install, credentials, start
# before the database, ready, extraction, watchdog, wrong settings, upgrade, stop, removal. PostgreSQL and MinIO run on
# this host. Needs root, Rust, cargo-deb, debootstrap, systemd-nspawn, curl, minio and PostgreSQL's programs.
#
#   tests/deploy/package.sh            builds and tries
#   tests/deploy/package.sh --no-build with target/release/heimdalld as it is
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/needs.sh
source deploy/needs.sh
# shellcheck source=tests/deploy/recording.sh
source tests/deploy/recording.sh
folder=$PWD/target/package
mkdir -p "$folder"
for tool in cargo-deb debootstrap systemd-nspawn nsenter curl minio initdb; do
    command -v "$tool" >/dev/null || fail "no $tool"
done

# Two packages that differ in the revision alone.
cargo deb --package heimdall-daemon --locked "$@" --deb-revision 1 --output "$folder/old.deb"
cargo deb --package heimdall-daemon --no-build --deb-revision 2 --output "$folder/new.deb"
echo "package: $(stat -c %s "$folder/new.deb") bytes"
dpkg-deb --info "$folder/new.deb" | grep -E 'Package|Version|Depends|Installed-Size'
dpkg-deb --contents "$folder/new.deb" | awk '{print $1, $2, $6}'

if [ ! -e "$folder/debian/bin/systemctl" ]; then
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,adduser,ca-certificates,procps bookworm "$folder/debian"
fi
rm -rf "$folder/root"
cp -a "$folder/debian" "$folder/root"
cp "$folder/old.deb" "$folder/new.deb" "$folder/root/root/"

# The servers, on ports of their own. PostgreSQL does not run as root.
servers=$(mktemp -d)
chmod 711 "$servers"
install -d -o nobody "$servers/cluster"
as_nobody() { setpriv --reuid nobody --regid nogroup --clear-groups env -C / "$@"; }
as_nobody "$(command -v initdb)" -D "$servers/cluster" -U owner --auth=trust -E UTF8 >/dev/null
start_postgres() {
    as_nobody "$(command -v pg_ctl)" -D "$servers/cluster" -w -o "-p 25432 -h 127.0.0.1 -k ''" -l "$servers/cluster/log" start >/dev/null
}
mkdir -p "$servers/store/heimdall-raw-iq"
MINIO_ROOT_USER=heimdall MINIO_ROOT_PASSWORD=heimdall-password minio server "$servers/store" --address 127.0.0.1:29000 >/dev/null 2>&1 &
minio=$!
boot=
finish() {
    [ -z "$boot" ] || { kill "$boot" 2>/dev/null && wait "$boot" 2>/dev/null; } || true
    kill "$minio" 2>/dev/null || true
    as_nobody "$(command -v pg_ctl)" -D "$servers/cluster" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$servers"
}
trap finish EXIT
sql() { psql -qAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -p 25432 -U owner -d heimdall "$@"; }

systemd-nspawn --quiet -D "$folder/root" --boot --register=no --keep-unit >"$folder/boot.log" 2>&1 </dev/null &
boot=$!
leader() { pgrep -P "$boot" | head -n 1; }
inside() { nsenter --target "$(leader)" --mount --uts --ipc --pid --root --wd "$@"; }
explain() { inside systemctl status --no-pager -l heimdalld 2>&1; inside journalctl --no-pager -n 30 -u heimdalld 2>&1; }
booted() { inside systemctl is-system-running | grep -qE 'running|degraded'; }
property() { inside systemctl show --value -p "$1" heimdalld; }
is() { [ "$(property "$1")" = "$2" ]; }
status_says() { property StatusText | grep -q "$1"; }
wait_for "booted" booted

inside dpkg -i /root/old.deb
inside id heimdalld
[ "$(inside stat -c '%a %U' /etc/heimdalld/credentials)" = "700 root" ]
is ActiveState inactive
inside systemd-analyze verify /usr/lib/systemd/system/heimdalld.service
inside systemd-analyze security heimdalld.service --no-pager | tail -n 1

credential() { inside sh -c "umask 077; printf '%s\n' '$2' > /etc/heimdalld/credentials/$1"; }
credential database-url 'postgresql://heimdalld@127.0.0.1:25432/heimdall'
credential s3-access-key heimdall
credential s3-secret-key heimdall-password
inside sh -c 'printf "%s\n" HEIMDALL_S3_ENDPOINT=http://127.0.0.1:29000 HEIMDALL_HTTP_ADDR=127.0.0.1:29464 > /etc/heimdalld/heimdalld.env'

inside systemctl --no-block enable --now heimdalld
wait_for "without a database: its status says that it waits" status_says "waits for the database"
is ActiveState activating
start_postgres
psql -q -h 127.0.0.1 -p 25432 -U owner -d postgres -c 'CREATE DATABASE heimdall'
HEIMDALL_DATABASE_URL=postgresql://owner@127.0.0.1:25432/heimdall "$folder/root/usr/bin/heimdalld" migrate
sql -c 'CREATE ROLE heimdalld LOGIN IN ROLE heimdall_daemon'
wait_for "with the database and the schema: active" is ActiveState active
wait_for "status: listening" status_says "listening"
wait_for "/readyz is 200" curl -sS --fail http://127.0.0.1:29464/readyz
echo "watchdog: $(property WatchdogUSec), status: $(property StatusText), user: $(inside ps -o user= -p "$(property MainPID)")"
record "$servers/recording.bin" http://127.0.0.1:29000 heimdall:heimdall-password
wait_for "features: the recording has its row" features 1

sql -c 'CREATE ROLE operator LOGIN IN ROLE heimdall_admin'
credential page-token a-token-of-the-page
credential page-read-token another-token-of-the-page
credential admin-database-url 'postgresql://operator@127.0.0.1:25432/heimdall'
inside install -D -m 644 /usr/share/heimdalld/systemd/page.conf /etc/systemd/system/heimdalld.service.d/page.conf
inside systemctl daemon-reload
inside systemctl restart heimdalld
wait_for "with the drop-in of the page the acting token opens the actions" \
    sh -c 'curl -sS -H "Authorization: Bearer a-token-of-the-page" http://127.0.0.1:29464/actions | grep -q "Plan a pause"'

inside sh -c "kill -STOP $(property MainPID)"
wait_for "a daemon that does not answer is killed by the watchdog and started again" is NRestarts 1
wait_for "it is active again" is SubState running
inside journalctl --no-pager -u heimdalld | grep -m 1 -i 'watchdog timeout'

before=$(property MainPID)
inside dpkg -i /root/new.deb
restarted() { [ "$(property MainPID)" != "$before" ] && is SubState running; }
wait_for "the upgrade restarts the daemon" restarted
[ "$(inside dpkg-query -W -f '${Version}' heimdalld)" = 0.1.0-2 ]
[ "$(inside grep -c 29000 /etc/heimdalld/heimdalld.env)" = 1 ]
record "$servers/recording.bin" http://127.0.0.1:29000 heimdall:heimdall-password
wait_for "features: the upgraded daemon writes a row" features 2

inside systemctl stop heimdalld
[ "$(property ExecMainStatus) $(property Result)" = "0 success" ]
echo "stopped with status 0"
[ "$(sql -c 'SELECT count(*) FROM heimdall.extraction_workers')" = 0 ]
inside sh -c 'echo HEIMDALL_CONCURENCY=4 >> /etc/heimdalld/heimdalld.env'
inside systemctl start heimdalld || true
wait_for "a wrong setting ends it" is ActiveState failed
[ "$(property ExecMainStatus)" = 64 ]
inside journalctl --no-pager -u heimdalld | grep -m 1 'HEIMDALL_CONCURENCY: no such setting'

inside dpkg --purge heimdalld
inside sh -c '! test -e /etc/heimdalld && ! test -e /usr/bin/heimdalld && id heimdalld'
echo "removed"
