# What a part of the test suite written in sh reports with; see tests/README.md. To be sourced.
# The lines are those of TAP: "ok - NAME", "not ok - NAME", and "# ..." for what went wrong.

RASPC=${RASPC:-$PWD/build/raspc}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

pass() { echo "ok - $1"; }

# fail NAME [FILE]: the file's first lines say why.
fail() {
    echo "not ok - $1"
    if [ $# -gt 1 ]; then head -n "${DETAIL_LINES:-40}" "$2" | cut -c 1-400 | sed 's/^/# /'; fi
    return 0
}

# same NAME EXPECTED GOT: passes when the two files hold the same bytes.
same() {
    if diff -u --label expected --label got "$2" "$3" >"$scratch/difference" 2>&1; then
        pass "$1"
    else
        fail "$1" "$scratch/difference"
    fi
}

# For a part that cannot run here at all.
skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}
