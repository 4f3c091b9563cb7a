#!/usr/bin/env bash
# Installs Chromium and its driver from Debian's packages, where that is possible and they are missing.
set -euo pipefail
if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then
  exit 0
fi
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null
  exit 0
fi
echo "the tests in a browser need chromium and chromedriver: install the packages chromium and chromium-driver" >&2
exit 1
