#!/usr/bin/env bash
# Checks the files of deploy/ without a server: the unit, its exposure, the alerts and their tests, the manifests of
# Kubernetes. CI runs it: about 20 s, and 40 s more for what it installs under target/ the first time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/needs.sh
source deploy/needs.sh

# Exposure of the unit at most, in tenths of systemd's scale from 0 (none) to 10.
most_exposure=15

need_prometheus
promtool check rules deploy/prometheus/alerts.yml
promtool test rules deploy/prometheus/alerts_test.yml

command -v systemd-analyze >/dev/null || fail "no systemd-analyze, which checks the unit"
unit=$(mktemp -d)/heimdalld.service
# Every line of the unit is checked; only the program is one that exists here.
sed 's|^ExecStart=/usr/bin/heimdalld|ExecStart=/bin/true|' deploy/systemd/heimdalld.service >"$unit"
# With the drop-in for the page, as an operator installs it.
install -D -m 644 deploy/systemd/page.conf "$unit.d/page.conf"
systemd-analyze verify "$unit"
systemd-analyze security --offline=true --no-pager --threshold="$most_exposure" "$unit" | tail -n 1

for script in deploy/debian/*; do
    sh -n "$script"
done
tests/deploy/kubernetes.sh
