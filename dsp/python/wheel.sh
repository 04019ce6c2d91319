#!/usr/bin/env bash
# Builds the wheel of heimdall-features for CPython 3.10 and later, and prints its path. Arguments go to maturin in place
# of --release.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/needs.sh
source deploy/needs.sh
need_rust
need_python_venv build dsp/python/requirements.txt >&2
rm -f target/wheels/heimdall_features-*.whl
[ $# -gt 0 ] || set -- --release
"$python_venv/bin/maturin" build --quiet --locked "$@" --manifest-path dsp/python/Cargo.toml --out target/wheels >&2
ls "$PWD"/target/wheels/heimdall_features-*.whl
