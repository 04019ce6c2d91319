#!/usr/bin/env bash
# Builds heimdall-features, installs it in a virtual environment under target/, and runs its type checks and its tests.
# Arguments go to pytest.
#
#   HEIMDALLD            a heimdalld with the features demo and export: its rows are compared with the numbers from Python
#   HEIMDALL_REFERENCE   a features.py outside of the project, the NumPy reference
#   HEIMDALL_TORCH       if set, PyTorch is installed and its DataLoader runs: several GB with the CUDA that PyPI's has
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/needs.sh
source deploy/needs.sh
wheel=$(dsp/python/wheel.sh --profile dev)
need_python_venv tests dsp/python/tests/requirements.txt
python=$python_venv/bin/python
"$python_venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$wheel"
[ -z "${HEIMDALL_TORCH-}" ] ||
    "$python_venv/bin/pip" install --quiet --disable-pip-version-check --requirement dsp/python/tests/torch.txt
# From here, so that the installed package is imported and not the sources.
cd dsp/python/tests
export PYTHONDONTWRITEBYTECODE=1
"$python" -m mypy --config-file ../pyproject.toml --cache-dir "$python_venv/mypy"
"$python" -m mypy.stubtest --mypy-config-file ../pyproject.toml heimdall_features._core
"$python" -m pytest --config-file ../pyproject.toml --rootdir .. -p no:cacheprovider "$@"
