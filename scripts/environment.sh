# Sourced by the scripts beside it, from the root of the repository: `environment EXTRA` leaves a .venv in which the
# project and its pinned dependencies are installed (EXTRA: "" or "dev"), and sets $python. It installs only when
# pyproject.toml or constraints.txt changed, or the checkout was moved. Needs a Python of 3.11 or later, nothing else.
# shellcheck shell=sh

environment() {
    python=.venv/bin/python
    suitable "$python" && "$python" -m pip --version >/dev/null 2>&1 || make_environment
    stamp=.venv/installed${1:+-$1}
    sum=$({ pwd; cat pyproject.toml constraints.txt; } | cksum)
    if [ "$sum" = "$(cat "$stamp" 2>/dev/null)" ]; then
        return
    fi
    echo "Installing what Diabolo needs into .venv (minutes the first time) ..." >&2
    rm -f .venv/installed*
    "$python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".${1:+[$1]}"
    echo "$sum" | tee .venv/installed >"$stamp" # what serves the tests serves the demo too
}

suitable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

make_environment() {
    for found in "${PYTHON:-python3}" python3.11 python3.12 python3.13 python3.14; do
        if suitable "$found"; then
            echo "Making .venv with $("$found" --version) ..." >&2
            "$found" -m venv --clear .venv || give_up "$found cannot make environments; on Debian and Ubuntu: apt install python3-venv."
            return
        fi
    done
    give_up "Diabolo needs Python 3.11 or later. Here is: $(python3 --version 2>/dev/null || echo none). Set PYTHON=/path/to/python3 if it is elsewhere."
}

give_up() {
    echo "$1" >&2
    exit 1
}
