#!/bin/sh
# Customer Hub on one machine. Needs nothing but a POSIX shell: Python and Node.js packages go into
# this folder; system packages are installed where that is allowed (root, apt), else named.
set -eu
cd "$(dirname "$0")"

usage() {
  cat <<'END'
./hub.sh run [--fresh]     the whole product in your browser, with a demo inside; --fresh begins anew
./hub.sh test [--slow]     everything that proves it; further arguments go to pytest
./hub.sh bench [NAME...]   how fast it is
./hub.sh setup [run|test]  only install what "run" or "test" needs

PORT and DATABASE_URL are honoured; PYTHON names the Python (3.12 or newer) to use.
END
}

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# --- Python ---

suits() { "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; }

find_python() {
  for python in .venv/bin/python python3.13 python3.14 python3.12 python3 \
    "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.1[2-9]*/bin/python \
    /opt/homebrew/bin/python3.1[2-9] /usr/local/bin/python3.1[2-9] \
    "$(has uv && uv python find '>=3.12' 2>/dev/null)"; do
    if suits "$python"; then return; fi
  done
  return 1
}

require_python() {
  if [ -n "${PYTHON:-}" ]; then
    python=$PYTHON
    suits "$python" || die "PYTHON=$PYTHON is no Python 3.12 or newer with venv."
  elif ! find_python; then
    if may_install && apt_install python3 python3-venv && find_python; then return; fi
    die "Python 3.12 or newer is needed, with venv. Install it and run this again:
  Debian 13, Ubuntu 24.04 or newer   sudo apt-get install python3 python3-venv
  Fedora                             sudo dnf install python3
  macOS                              brew install python@3.13
  any other                          https://docs.astral.sh/uv, then: uv python install 3.13"
  fi
}

# --- System packages ---

may_install() { [ "$(id -u)" = 0 ] && has apt-get; }

apt_install() {
  say "Installing system packages: $*"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" >/dev/null
}

libraries() {
  "$python" -c 'import ctypes.util as u, sys; sys.exit(not all(map(u.find_library, sys.argv[1:])))' "$@"
}
font() { has fc-list && fc-list -q "$1"; }
browser() { [ -n "${CHROMIUM:-}" ] || has chromium || has chromium-browser || has google-chrome; }
postgresql() { "$python" scripts/with_postgres.py >/dev/null 2>&1; }

# want DEBIAN FEDORA HOMEBREW CHECK...: remember the packages' names if the check fails.
want() {
  names="$1|$2|$3"
  shift 3
  "$@" && return
  debian="$debian ${names%%|*}" homebrew="$homebrew ${names##*|}"
  names=${names#*|}
  fedora="$fedora ${names%|*}"
}

require_system_packages() {
  debian='' fedora='' homebrew=''
  want 'libpango-1.0-0 libpangoft2-1.0-0' pango pango libraries pango-1.0 pangoft2-1.0
  want libharfbuzz-subset0 harfbuzz harfbuzz libraries harfbuzz-subset
  want fonts-noto-core google-noto-sans-fonts font-noto-sans font 'Noto Sans'
  want fonts-noto-cjk google-noto-sans-cjk-fonts font-noto-sans-cjk font 'Noto Sans CJK JP'
  want gettext gettext gettext has msgfmt
  if [ "$1" = test ]; then
    want postgresql postgresql-server postgresql@17 postgresql
    want chromium chromium chromium browser
    want 'nodejs npm' nodejs-npm node has npm
  fi
  [ -n "$debian" ] || return 0
  if may_install; then
    # shellcheck disable=SC2086  # a list of names, one argument each
    apt_install $debian || die "apt could not install:$debian"
  else
    die "System packages are missing. Install them and run this again:
  Debian, Ubuntu   sudo apt-get install$debian
  Fedora           sudo dnf install$fedora
  macOS            brew install$homebrew"
  fi
}

# --- What lives in this folder ---

require_python_packages() {
  case $1 in run) list=base ;; test) list=dev ;; esac
  suits .venv/bin/python || { rm -rf .venv && "$python" -m venv .venv; }
  [ "$(cksum <"requirements/$list.txt")" != "$(cat ".venv/$list.cksum" 2>&1)" ] || return 0
  say "Installing Python packages (a minute the first time)"
  .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes \
    -r "requirements/$list.txt" || die "The Python packages could not be installed: see above."
  cksum <requirements/base.txt >.venv/base.cksum
  cksum <"requirements/$list.txt" >".venv/$list.cksum"
}

require_node_packages() {
  [ "$(cksum <package.json)" != "$(cat node_modules/.cksum 2>&1)" ] || return 0
  say "Installing the page checkers"
  npm install --silent --no-package-lock --no-audit --no-fund --ignore-scripts ||
    die "The page checkers could not be installed: see above."
  cksum <package.json >node_modules/.cksum
}

compile_messages() {
  find locale -name '*.po' | while read -r po; do
    mo=${po%.po}.mo
    [ -n "$(find "$mo" -newer "$po" 2>/dev/null)" ] || msgfmt --check-format -o "$mo" "$po"
  done
}

setup() {
  [ -w . ] || die "This folder cannot be written to: $(pwd). Use a copy that belongs to you."
  require_python
  require_system_packages "$1"
  require_python_packages "$1"
  [ "$1" = run ] || require_node_packages
  compile_messages
}

# --- Proof ---

failed=''
part() {
  say "$1"
  title=$1
  shift
  "$@" || failed="$failed
  $title"
}

shell_is_sound() { shellcheck hub.sh .ci/run; }

containers_are_sound() {
  hadolint Dockerfile && check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
}

# .env.example is a production environment but for its secrets, which are left blank, and for its
# database, which is asked what it can do.
deployment_is_sound() (
  set -a
  # shellcheck source=/dev/null
  . ./.env.example
  eval "$(python -m scripts.keys)"
  python -m scripts.with_postgres python manage.py check --deploy --fail-level WARNING
)

# Takes as long as all other checks together, and one of two cores: begun first, told last.
types_are_sound() {
  wait "$types" && status=0 || status=$?
  cat "$said" && rm "$said"
  return "$status"
}

# What never meets a database has been proved on SQLite, and so has what is the same on each: the
# stand-in for Stripe; our own house; how pages and papers look and read, with scripts and
# without; links and headers, which come of the request alone.
passes_on_postgresql() {
  python -m scripts.with_postgres pytest -n 2 -m "$selection" --database-only \
    --ignore tests/billing/sandbox --ignore tests/scripts --ignore tests/test_conventions.py \
    --ignore tests/journeys/test_judges.py --ignore tests/journeys/test_nowhere.py \
    --ignore tests/journeys/test_pages.py --ignore tests/journeys/test_without_javascript.py \
    --ignore tests/invoices/test_pdf.py --ignore tests/safety/test_canonical_links.py \
    --ignore tests/safety/test_headers.py --ignore tests/safety/test_papers.py \
    --ignore tests/safety/test_xss.py "$@" && return
  # pytest's word for none; fine if some were asked for by name, and none of them meets one.
  [ $? = 5 ] && [ $# -gt 0 ]
}

prove() {
  selection='not slow'
  if [ "${1:-}" = --slow ]; then
    selection=''
    shift
  fi
  PATH="$PWD/.venv/bin:$PATH"
  # Dozens of processes import the same modules: they are compiled once.
  export PYTHONDONTWRITEBYTECODE=
  said=$(mktemp)
  mypy >"$said" 2>&1 &
  types=$!
  part 'Style' ruff check
  part 'Format' ruff format --check
  part 'Imports' lint-imports --no-logo
  part 'Shell' shell_is_sound
  part 'Containers' containers_are_sound
  part 'Migrations' python manage.py makemigrations --check --dry-run --settings tests.settings
  part 'Deployment' deployment_is_sound
  part 'Types' types_are_sound
  part 'Tests on SQLite' pytest -n 2 -m "$selection" "$@"
  part 'Tests on PostgreSQL' passes_on_postgresql "$@"
  [ -z "$failed" ] || die "
These failed:$failed"
}

measure() {
  [ $# -gt 0 ] || set -- pages receipts webhooks
  for name in "$@"; do
    case $name in
      webhooks)
        for durable in --durable ''; do
          .venv/bin/python -m scripts.with_postgres $durable .venv/bin/python -m bench.webhooks
        done
        ;;
      *) .venv/bin/python -m "bench.$name" ;;
    esac
  done
}

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
  run) setup run; exec .venv/bin/python -m scripts.run_demo "$@" ;;
  test) setup test; prove "$@" ;;
  bench) setup test; measure "$@" ;;
  setup) setup "${1:-run}" ;;
  help | --help | -h) usage ;;
  *) usage >&2; exit 2 ;;
esac
