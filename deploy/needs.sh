# shellcheck shell=bash
# Functions that find what demo.sh and test.sh need: cargo, a linker, PostgreSQL's server programs and, for the tests,
# PgBouncer, libfaketime, Python and Chromium. This file is sourced, not run. If PostgreSQL is missing, the system's package
# manager installs it or, without the rights to install (Debian, Ubuntu), it is unpacked under target/, as the others are. If
# something else is missing, the script prints the command that installs it.

fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

# Runs a command as root. sudo must not ask for a password.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

can_be_root() {
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; }
}

need_rust() {
    # After rustup is installed, the same shell does not have cargo in its PATH yet.
    if ! command -v cargo >/dev/null 2>&1 && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
        PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    fi
    command -v cargo >/dev/null 2>&1 || fail "no cargo. Type:
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh
    (https://rustup.rs), open a new terminal, and run this again."

    local wanted have
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    have=$(cargo --version | sed 's/^cargo \([0-9.]*\).*/\1/')
    if [ "$(printf '%s\n%s\n' "$wanted" "$have" | sort -t. -k1,1n -k2,2n | head -n 1)" != "$wanted" ]; then
        fail "cargo $have is too old, $wanted is needed. Type:
    rustup update stable"
    fi

    command -v cc >/dev/null 2>&1 || fail "no C compiler (cc), which Rust links with. As an administrator type:
    $(install_command gcc)"
}

# Prints the command that installs a package with this machine's package manager.
install_command() {
    local what=$1
    if command -v apt-get >/dev/null 2>&1; then
        case $what in gcc) what="gcc libc6-dev" ;; esac
        echo "apt-get update && apt-get install -y --no-install-recommends $what"
    elif command -v dnf >/dev/null 2>&1; then
        case $what in postgresql) what=postgresql-server ;; esac
        echo "dnf install -y $what"
    elif command -v apk >/dev/null 2>&1; then
        case $what in gcc) what="gcc musl-dev" ;; esac
        echo "apk add $what"
    elif command -v brew >/dev/null 2>&1; then
        case $what in gcc) echo "xcode-select --install" ;; postgresql) echo "brew install $what@17" ;; *) echo "brew install $what" ;; esac
    else
        echo "install the package that has $what"
    fi
}

# Searches the same folders as daemon/src/sandbox/binaries.rs. Does not check the version: the demo does that.
have_postgres() {
    local folder
    [ -z "${HEIMDALL_POSTGRES_BIN-}" ] || return 0
    for folder in ${PATH//:/ } /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* /usr/lib/postgresql*/bin \
        /usr/lib64/postgresql-*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
        /home/linuxbrew/.linuxbrew/opt/postgresql*/bin /opt/local/lib/postgresql*/bin \
        /Applications/Postgres.app/Contents/Versions/*/bin; do
        [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && return 0
    done
    return 1
}

need_postgres() {
    have_postgres || use_unpacked_postgres && return 0
    local command
    command=$(install_command postgresql)
    if command -v brew >/dev/null 2>&1 && ! command -v apt-get >/dev/null 2>&1; then
        # Homebrew refuses to run as root and does not need it.
        echo "No PostgreSQL server programs here; installing them: $command"
        sh -c "$command" || fail "that failed"
    elif can_be_root; then
        echo "No PostgreSQL server programs here; installing them: $command"
        install_postgres "$command" || fail "that failed"
    elif command -v apt-get >/dev/null 2>&1 && echo "No PostgreSQL server programs here; unpacking them under target/" &&
        unpack postgresql && use_unpacked_postgres; then
        return 0
    else
        fail "no PostgreSQL server programs (only the programs, no running server). As an administrator type:
    $command"
    fi
    have_postgres || fail "installed, but initdb and postgres are still not found"
}

install_postgres() {
    local command=$1 settings=/etc/postgresql-common/createcluster.conf
    if ! command -v apt-get >/dev/null 2>&1; then
        as_root sh -c "$command"
        return
    fi
    # By default Debian's package makes a cluster and starts a server. We need only the programs.
    local noninteractive="DEBIAN_FRONTEND=noninteractive apt-get"
    as_root sh -c "$noninteractive update -q && $noninteractive install -y -q --no-install-recommends postgresql-common" || return
    as_root sh -c "cp $settings $settings.before && echo 'create_main_cluster = false' >> $settings"
    as_root sh -c "$noninteractive install -y -q --no-install-recommends postgresql"
    local status=$?
    as_root mv "$settings.before" "$settings"
    return "$status"
}

# Unpacks a package and its dependencies under target/, without root. Its package lists are its own, are fetched once a
# day, and serve all packages.
unpack() {
    local folder=$PWD/target/$1 lists=$PWD/target/package-lists name=$1 package
    mkdir -p "$lists/partial" "$folder/archives/partial" || return
    local apt=(apt-get -q -o Debug::NoLocking=true -o "APT::Sandbox::User=$(id -un)" -o "Dir::State::lists=$lists"
        -o "Dir::Cache=$folder" -o "Dir::Cache::archives=$folder/archives")
    if [ -z "$(find "$lists" -maxdepth 1 -name fetched -mmin -1440)" ]; then
        "${apt[@]}" update && touch "$lists/fetched" || return
    fi
    "${apt[@]}" install -y --download-only --no-install-recommends "$name" || return
    for package in "$folder"/archives/*.deb; do
        dpkg -x "$package" "$folder" || return
    done
    rm -r "$folder/archives"
}

# The pooler for the tests. Only the program is needed, no running service.
have_pgbouncer() {
    local folder
    for folder in ${PATH//:/ } /usr/sbin /usr/local/sbin /opt/homebrew/bin "$PWD/target/pgbouncer/usr/sbin"; do
        [ -x "$folder/pgbouncer" ] && return 0
    done
    return 1
}

# Finds or unpacks a package that only the tests need. Does not install it even as root: some packages start a service.
need_unpacked() {
    local package=$1 is_there=$2 what=$3 command
    "$is_there" && return 0
    command=$(install_command "$package")
    if command -v apt-get >/dev/null 2>&1; then
        echo "No $package here; unpacking it under target/"
        unpack "$package" || fail "that failed. As an administrator type:
    $command"
    else
        fail "no $package ($what). As an administrator type:
    $command"
    fi
    "$is_there" || fail "unpacked, but $package is still not found"
}

need_pgbouncer() {
    need_unpacked pgbouncer have_pgbouncer "only the program, no running service"
    # Libraries that it needs and the system may not have.
    for folder in "$PWD"/target/pgbouncer/usr/lib/*-linux-gnu*; do
        [ -d "$folder" ] && export LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    done
    return 0
}

# The library that gives a daemon a wrong clock, for the tests.
have_faketime() {
    local file
    for file in /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib*/faketime/libfaketimeMT.so.1 \
        "$PWD"/target/libfaketime/usr/lib/*/faketime/libfaketimeMT.so.1; do
        [ -f "$file" ] && export HEIMDALL_FAKETIME_LIBRARY="$file" && return 0
    done
    return 1
}

need_faketime() {
    need_unpacked libfaketime have_faketime "it gives daemons clocks that are wrong"
}

# A browser and its driver, in which the tests open the operator's page: those of the system, or unpacked ones.
have_chromium() {
    local browser
    if command -v chromedriver >/dev/null 2>&1; then
        for browser in chromium chromium-browser google-chrome; do
            command -v "$browser" >/dev/null 2>&1 && return 0
        done
    fi
    [ -x "$PWD/target/chromium-driver/usr/bin/chromedriver" ] && [ -x "$PWD/target/chromium-driver/usr/lib/chromium/chromium" ]
}

need_chromium() {
    need_unpacked chromium-driver have_chromium "a browser for the tests of the page; 420 MB"
}

# Prometheus' own checker of rules. Only the programs, no running service.
have_prometheus() {
    local folder
    for folder in ${PATH//:/ } "$PWD/target/prometheus/usr/bin"; do
        [ -x "$folder/promtool" ] && [ -x "$folder/prometheus" ] && export PATH="$PATH:$folder" && return 0
    done
    return 1
}

need_prometheus() {
    need_unpacked prometheus have_prometheus "promtool tests the alerts"
}

# Python 3.10 or later, for the Python package.
have_python() {
    local folder libraries
    for folder in "" "$PWD/target/python3/usr/bin:"; do
        if PATH="$folder$PATH" python3 -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            export PATH="$folder$PATH"
            return 0
        fi
        for libraries in "$PWD"/target/python3/{lib,usr/lib}/*-linux-gnu*; do
            [ -d "$libraries" ] && export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
        done
    done
    return 1
}

# pip, which Debian takes out of Python: as a module of Python, or as a wheel.
have_pip() {
    python3 -c 'import ensurepip' 2>/dev/null && return 0
    pip_wheel=$(find /usr/share/python-wheels "$PWD/target/python3-pip-whl/usr/share/python-wheels" -name 'pip-*.whl' \
        -print -quit 2>/dev/null)
    [ -n "$pip_wheel" ]
}

need_python() {
    need_unpacked python3 have_python "Python 3.10 or later"
    need_unpacked python3-pip-whl have_pip "pip"
}

# A virtual environment under target/ with the packages of a list. Sets python_venv. It is made anew when the list changes.
need_python_venv() {
    local name=$1 list=$2 pip_wheel=""
    python_venv=$PWD/target/python/$name
    need_python
    cmp -s "$list" "$python_venv/requirements.txt" && return 0
    python3 -m venv --clear ${pip_wheel:+--without-pip} "$python_venv"
    [ -z "$pip_wheel" ] || "$python_venv/bin/python" "$pip_wheel/pip" install --quiet --no-index "$pip_wheel"
    "$python_venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$list" || fail "that failed"
    cp "$list" "$python_venv/requirements.txt"
}

# An unpacked PostgreSQL works: it finds its files relative to its programs.
use_unpacked_postgres() {
    local folder
    for folder in "$PWD"/target/postgresql/usr/lib/postgresql/*/bin; do
        [ -x "$folder/postgres" ] || continue
        export PATH="$folder:$PATH"
        for folder in "$PWD"/target/postgresql/usr/lib/*-linux-gnu*; do
            export LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
        done
        return 0
    done
    return 1
}
