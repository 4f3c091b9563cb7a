#!/usr/bin/env bash
# Installs Python 3.13 with boto3 into a folder: infra/bench/beside/install.sh FOLDER
#
# Python is not in PyPI, so it comes from Debian's packages, with the libraries that it was built for. They are unpacked,
# not installed. Where Debian's packages cannot be had, the python3 of this machine is used, and the figure names its version.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
into=$1
rm -rf "$into"
mkdir -p "$into/apt/lists/partial" "$into/apt/cache/archives/partial" "$into/debs"
into=$(cd "$into" && pwd)

if command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
  arch=$(dpkg --print-architecture)
  echo "deb [arch=$arch signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main" \
    >"$into/apt/sources.list"
  apt=(apt-get -qq -o "Dir::Etc::sourcelist=$into/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$into/apt/lists" -o "Dir::Cache=$into/apt/cache" -o APT::Sandbox::User=root)
  packages=(python3.13-minimal libpython3.13-minimal libpython3.13-stdlib libc6 libexpat1 zlib1g libssl3t64 libffi8
    libbz2-1.0 liblzma5 libsqlite3-0 libzstd1)
  if "${apt[@]}" update && (cd "$into/debs" && "${apt[@]}" download "${packages[@]}"); then
    for deb in "$into"/debs/*.deb; do dpkg -x "$deb" "$into/root"; done
  fi
fi

if [ -x "$into/root/usr/bin/python3.13" ]; then
  libraries=$(dirname "$(find "$into/root/usr/lib" -name 'libpython3*' -o -name libcrypto.so.3 | head -n 1)")
  loader=$(find "$libraries" -maxdepth 1 -name 'ld-linux-*' | head -n 1)
  command="exec '$loader' --library-path '$libraries' '$into/root/usr/bin/python3.13'"
else
  echo "Debian's packages of Python 3.13 cannot be had here: $(python3 --version) is used instead" >&2
  command="exec '$(command -v python3)'"
fi
printf '#!/bin/sh\nPYTHONPATH=%q PYTHONDONTWRITEBYTECODE= %s "$@"\n' "$into/site" "$command" >"$into/python"
chmod +x "$into/python"
python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.13 \
  --implementation py --target "$into/site" --requirement "$here/python/requirements.txt"
# A deployed function has its bytecode beside it.
"$into/python" -m compileall -q "$into/site" || true
rm -rf "$into/apt" "$into/debs"
"$into/python" --version
