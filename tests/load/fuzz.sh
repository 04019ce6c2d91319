#!/usr/bin/env bash
# Runs the fuzz targets of dsp/fuzz, for MINUTES (10) in total: tests/load/fuzz.sh [MINUTES] [TARGET...]
# Starts from the corpus in the repository and does not change it. Inputs that break something go to dsp/fuzz/artifacts, new
# inputs to dsp/fuzz/target/corpus. KEEP=1 minimises the latter into the repository's corpus. The status is 1 if something
# broke. Needs cargo-fuzz (cargo install cargo-fuzz --locked) and a C++ compiler; a stable toolchain is sufficient.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../dsp"
minutes=${1:-10}
shift || true
command -v cargo-fuzz >/dev/null || {
    echo "cargo-fuzz is missing. Run:  cargo install cargo-fuzz --locked" >&2
    exit 69
}
# The coverage counters need an unstable flag of rustc. The address sanitizer needs a nightly toolchain and is not used,
# since our code has no unsafe blocks.
export RUSTC_BOOTSTRAP=1
flags=(--sanitizer none)
mapfile -t targets < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else cargo fuzz list; fi)
cargo fuzz build "${flags[@]}"
seconds=$((minutes * 60 / ${#targets[@]}))
status=0
for target in "${targets[@]}"; do
    grown=fuzz/target/corpus/$target
    mkdir -p "$grown" "fuzz/corpus/$target"
    options=(-max_total_time=$((seconds > 0 ? seconds : 1)) -max_len=6000 -timeout=20 -rss_limit_mb=1024 -print_final_stats=1)
    [ -f "fuzz/$target.dict" ] && options+=("-dict=fuzz/$target.dict")
    log=$(mktemp)
    if cargo fuzz run "${flags[@]}" "$target" "$grown" "fuzz/corpus/$target" -- "${options[@]}" >"$log" 2>&1; then
        result="nothing found"
    else
        result="FOUND SOMETHING, see $log"
        status=1
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    edges=$(grep -o 'cov: [0-9]*' "$log" | tail -1)
    printf '%-14s %5d s  %9s runs  %-10s  %s\n' "$target" "$seconds" "${runs:-?}" "$edges" "$result"
    if [ "$status" = 0 ]; then rm -f "$log"; fi
    if [ "${KEEP-}" = 1 ]; then
        cargo fuzz cmin "${flags[@]}" "$target" "$grown" -- -max_len=6000 >/dev/null 2>&1
        cp -n "$grown"/* "fuzz/corpus/$target/"
        cargo fuzz cmin "${flags[@]}" "$target" "fuzz/corpus/$target" >/dev/null 2>&1
    fi
done
exit $status
