# Sourced by the scripts beside it: makes .venv the first time, and installs PhotoIndex into it with the extras in $1.
# Installs again when pyproject.toml or constraints.txt has changed since.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${VENV:-$root/.venv}

install_photoindex() {
    local extras=$1 python=${PYTHON:-python3} wanted
    wanted="$(cat "$root/pyproject.toml" "$root/constraints.txt" | cksum) $root $extras"
    # Installed with more extras than are asked for is installed too.
    if [ -x "$venv/bin/photoindex" ] && grep -qF "$wanted" "$venv/photoindex-installed" 2>/dev/null; then
        return
    fi
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "PhotoIndex needs Python 3.11 or newer; name one with PYTHON=/path/to/python3 $0" >&2
        exit 1
    fi
    echo "Installing PhotoIndex into $venv (once; about 2 GB, a minute or more)…" >&2
    if ! "$python" -m venv "$venv" >&2; then
        echo "$python can't make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2
        exit 1
    fi
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --constraint "$root/constraints.txt" --editable "$root$extras" >&2 || {
        echo "The installation failed; the lines above say why. It can be tried again as it is." >&2
        exit 1
    }
    echo "$wanted" >>"$venv/photoindex-installed"
}
