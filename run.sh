#!/usr/bin/env bash
# Sets up what is missing, once, and then:
#   ./run.sh render [SCENE...] [options]   renders the main film, or the scenes named (flashviz render --help)
#   ./run.sh test [ROOM...] [options]      runs the tests, or those of rooms such as layout; options are pytest's; with --lowest on the
#                                          oldest versions that pyproject.toml allows
#   ./run.sh lint                          runs the linters, the types and the architecture's contracts
#   ./run.sh docs [SCENE...] [options]     renders the films that are missing and builds the site (./run.sh docs --help)
#   ./run.sh scenes [--json]               lists the films
#   ./run.sh gpu [--part a|b|c] [--out DIR]  checks and measures on a GPU, with the torch and triton that are there (--rehearse: without one)
# With --no-triton the Triton extra is left out, and the film shows the NumPy twin's trace.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$root/.venv
torch=2.13.0 # the version that the tests are written against
triton=yes
lowest=no
constraints=()

say() { printf 'run.sh: %s\n' "$*" >&2; }
refuse() { say "$1"; exit "$2"; }
has() { command -v "$1" >/dev/null 2>&1; }
modern() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# ---------------------------------------------------------------------------------------------------- the system's parts

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif has sudo; then sudo "$@"
  else refuse "needs root and there is no sudo; run as root: $*" 3; fi
}

apt_install() {
  [ $# -gt 0 ] || return 0
  say "installing with apt: $*"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The first Python that is new enough, as a command; nothing where there is none.
find_python() {
  local python
  for python in python3 python3.14 python3.13 python3.12 python3.11; do
    if modern "$python"; then echo "$python"; return; fi
  done
}

# What pycairo and manimpango, which have no wheels for Linux, are built with; and a Python with venv and headers.
linux_parts() {
  local python missing=()
  python=$(find_python)
  if [ -n "$python" ]; then
    "$python" -c 'import venv, ensurepip' 2>/dev/null || has uv || missing+=("$python-venv")
    "$python" -c 'import os, sysconfig as s; os.stat(s.get_path("include") + "/Python.h")' 2>/dev/null || missing+=("$python-dev")
  elif ! has python3 && ! has uv; then
    missing+=(python3 python3-venv python3-dev)
  fi
  has cc || has gcc || missing+=(gcc libc6-dev)
  has pkg-config || missing+=(pkg-config)
  { has pkg-config && pkg-config --exists cairo; } || missing+=(libcairo2-dev)
  { has pkg-config && pkg-config --exists pangocairo; } || missing+=(libpango1.0-dev)
  [ ${#missing[@]} -gt 0 ] || return 0
  has apt-get || refuse "cannot install here (no apt); install the like of: ${missing[*]}" 3
  apt_install "${missing[@]}"
}

macos_parts() {
  local formula missing=()
  has brew || refuse "needs Homebrew for cairo and pango: https://brew.sh" 3
  for formula in cairo pango pkgconf; do brew list --versions "$formula" >/dev/null || missing+=("$formula"); done
  [ ${#missing[@]} -eq 0 ] || { say "installing with brew: ${missing[*]}"; brew install -q "${missing[@]}"; }
}

# A browser for the test of the film's colours. Debian packages one; elsewhere that test looks for one and says if it is not there.
browser() {
  has chromium || ! grep -qs '^ID=debian' /etc/os-release || apt_install chromium
}

# -------------------------------------------------------------------------------------------------- the Python environment

make_venv() {
  modern "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1 && return
  local python
  python=$(find_python)
  if has uv; then
    say "making .venv with uv"
    uv venv -q --clear --seed --python "${python:->=3.11}" "$venv"
  elif [ -n "$python" ]; then
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
  else
    refuse "found $(python3 --version 2>&1), needs Python 3.11 or newer; install one, or uv (https://docs.astral.sh/uv)" 3
  fi
}

pip() { "$venv/bin/python" -m pip --disable-pip-version-check -qq "$@"; }

# install NAME ARGUMENTS...: once for each state of pyproject.toml, which is kept as the mark that it was done.
install() {
  local mark=$venv/.installed-$1
  shift
  cmp -s "$root/pyproject.toml" "$mark" && return
  say "installing Python packages: $*"
  if has uv; then (cd "$root" && uv pip install -q --python "$venv/bin/python" ${constraints[@]+"${constraints[@]}"} "$@")
  else
    pip install -U 'pip>=25.1' # the first that knows dependency groups
    (cd "$root" && pip install ${constraints[@]+"${constraints[@]}"} "$@")
  fi
  cp "$root/pyproject.toml" "$mark"
}

# The lower bound of each dependency that flashviz itself has, as constraints for the installer: NAME==VERSION. What only tests use is
# as new as it comes; torch brings a Triton of its own.
lower_bounds() {
  "$venv/bin/python" - "$root/pyproject.toml" <<'PYTHON'
import re, sys, tomllib
with open(sys.argv[1], "rb") as file:
    project = tomllib.load(file)["project"]
extras = project["optional-dependencies"]
for line in [*project["dependencies"], *extras["triton"], *extras["slides"], *extras["cluster"]]:
    name, version = re.match(r"([\w.-]+)(?:\[.*?\])?\s*>=\s*([\d.]+)", line).groups()
    print(f"{name}=={version}")
PYTHON
}

on_lower_bounds() {
  make_venv
  lower_bounds >"$venv/lowest.txt"
  constraints=(-c "$venv/lowest.txt")
}

setup() {
  if [ "$(uname)" = Darwin ]; then macos_parts; else linux_parts; fi
  if [ $lowest = yes ]; then on_lower_bounds; else make_venv; fi
  if [ $triton = yes ]; then install triton -e '.[triton]'; else install plain -e .; fi
}

# torch's CPU build, or none: never several GB of CUDA for a machine without a GPU. Always by pip, whose
# configuration may name where the CPU build is; uv does not read it.
torch_for_tests() {
  "$venv/bin/python" -c 'import torch' 2>/dev/null && return
  local cpu=https://download.pytorch.org/whl/cpu
  if [ "$(uname)" = Darwin ] || nvidia-smi >/dev/null 2>&1; then
    say "installing torch $torch"
    pip install "torch==$torch"
  elif reachable "$cpu/torch/"; then
    say "installing torch $torch (CPU) from $cpu"
    pip install --index-url "$cpu" "torch==$torch"
  elif without_cuda; then
    say "installing torch $torch (CPU)"
    pip install "torch==$torch"
  else
    say "only CUDA builds of torch can be had here; the tests run without it"
  fi
}

reachable() { "$venv/bin/python" -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=10)' "$1" 2>/dev/null; }

# Whether pip would bring torch with none of CUDA's libraries; what it would bring is asked for, not downloaded.
without_cuda() {
  pip install --dry-run --report - "torch==$torch" 2>/dev/null | "$venv/bin/python" -c '
import json, sys
names = [item["metadata"]["name"].lower() for item in json.load(sys.stdin)["install"]]
sys.exit(any(name.startswith(("nvidia", "cuda")) for name in names))' 2>/dev/null
}

# ------------------------------------------------------------------------------------------------------------- the verbs

verb=${1:-}
[ $# -eq 0 ] || shift
arguments=()
for argument in "$@"; do
  case $argument in
    --no-triton) triton=no ;;
    --lowest) lowest=yes venv=$root/.venv-lowest ;;
    *) arguments+=("$argument") ;;
  esac
done
set -- ${arguments[@]+"${arguments[@]}"}

case $verb in
  render)
    setup
    [ $triton = yes ] || export FLASHVIZ_SOURCE=numpy
    exec "$venv/bin/flashviz" render "$@"
    ;;
  test)
    setup
    browser
    install test --group test
    [ $lowest = yes ] || torch_for_tests
    cd "$root"
    exec "$venv/bin/python" -m tests "$@"
    ;;
  lint)
    setup
    install dev --group dev
    cd "$root"
    "$venv/bin/ruff" check
    "$venv/bin/ruff" format --check
    "$venv/bin/mypy"
    "$venv/bin/lint-imports"
    "$venv/bin/shellcheck" run.sh .ci/run
    "$venv/bin/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml
    ;;
  docs)
    setup
    install docs --group docs
    [ $triton = yes ] || export FLASHVIZ_SOURCE=numpy
    exec "$venv/bin/python" "$root/docs/build.py" "$@"
    ;;
  gpu)
    cd "$root"
    python=python3
    if ! python3 -c 'import torch, triton' 2>/dev/null; then
      setup
      python=$venv/bin/python
    fi
    # a machine that nothing can be fetched from is brought what it lacks: wheels in .whl
    site=$root/build/site
    ! compgen -G "$root/.whl/*.whl" >/dev/null || "$python" -m pip install -q --no-index --no-deps --upgrade --target "$site" "$root"/.whl/*.whl
    PYTHONPATH=$site:$root:$root/kernels exec "$python" -m tests.gpu_session "$@"
    ;;
  scenes)
    setup
    exec "$venv/bin/flashviz" scenes "$@"
    ;;
  *)
    sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
