#!/usr/bin/env bash
# Measures heimdall_features beside the Rust extractor and NumPy: see benches/speed.py. Arguments go to it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/needs.sh
source deploy/needs.sh
wheel=$(dsp/python/wheel.sh)
need_python_venv tests dsp/python/tests/requirements.txt
"$python_venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$wheel"
cargo build --quiet --locked --release --package heimdall-dsp --example in_memory
# One thread for each: NumPy's transforms have one.
PYTHONDONTWRITEBYTECODE=1 exec "$python_venv/bin/python" dsp/python/benches/speed.py \
    --rust "${CARGO_TARGET_DIR-target}/release/examples/in_memory" "$@"
