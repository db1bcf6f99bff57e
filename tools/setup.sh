#!/bin/sh
# Makes .venv with everything the project needs, from the locked requirements, and installs the project itself into it.
# Called by `make setup`. Done again only when the lock file or the project's metadata changed. Needs git and a Python
# of at least 3.11 with its venv module; PYTHON=<command> names one, otherwise the best one found is taken.
set -eu
cd "$(dirname "$0")/.."
venv=.venv
stamp=$venv/.steersman-setup
log=$(mktemp)
trap 'rm -f "$log"' EXIT

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
has_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }
version() { "$1" -c 'import platform; print(platform.python_version())'; }

# Sets `python` to the best Python there is, or says what to install.
choose_python() {
    without_venv=
    for python in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        new_enough "$python" || continue
        has_venv "$python" && return
        without_venv=${without_venv:-$python}
    done
    if [ -n "$without_venv" ]; then
        name=python$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        fail "$without_venv has no venv module. Install it (Debian, Ubuntu: apt install $name-venv) and try again."
    fi
    fail "no Python 3.11 or newer was found (looked for ${PYTHON:-python3.13, python3.12, python3.11, python3})." \
        "Install one (Debian, Ubuntu: apt install python3 python3-venv; Fedora: dnf install python3.13;" \
        "macOS: brew install python@3.13), or name it: make setup PYTHON=/path/to/python3"
}

# Runs a command and shows what it said only when it failed.
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2; fail "'$*' failed; what it said is above."; }; }

# Commands start in half the time with byte code, which an editable install lacks where Python was told not to write it.
byte_compile() { $venv/bin/python -m compileall -q operator/steersman; }

fingerprint() {
    "$1" -c 'import hashlib, pathlib, sys
print(hashlib.sha256(b"".join(pathlib.Path(name).read_bytes() for name in sys.argv[1:])).hexdigest())' \
        requirements/dev.txt pyproject.toml tools/setup.sh
}

command -v git >/dev/null 2>&1 ||
    fail "git was not found. Install it (Debian, Ubuntu: apt install git; Fedora: dnf install git; macOS: xcode-select --install)."

if new_enough $venv/bin/python && $venv/bin/python -m pip --version >/dev/null 2>&1; then
    if [ -f $stamp ] && [ "$(cat $stamp)" = "$(fingerprint $venv/bin/python)" ]; then
        byte_compile
        exit 0
    fi
    say "bringing $venv up to date (Python $(version $venv/bin/python))"
else
    choose_python
    say "making $venv with $python (Python $(version "$python"))"
    quietly "$python" -m venv --clear $venv
fi

rm -f $stamp
pip="$venv/bin/python -m pip --disable-pip-version-check --no-input"
say "installing the locked requirements: a minute or two the first time"
# The lock names everything there is to install; pip alone cannot tell that of an extra (`pydantic[email]`).
quietly $pip install --no-deps --require-hashes -r requirements/dev.txt
quietly $pip install --no-deps --no-build-isolation --editable .
byte_compile
fingerprint $venv/bin/python >$stamp
say "done"
