#!/usr/bin/env bash
# Prints the path of a Chromium for the browser test: the one named by CHROMIUM, one on this machine, or Debian's, installed where it can be.
set -euo pipefail

find_browser() {
  local name path
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    [ -n "$name" ] || continue
    if path=$(command -v "$name" 2>/dev/null); then printf '%s\n' "$path" && return 0; fi
  done
  for path in "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
    if [ -x "$path" ]; then printf '%s\n' "$path" && return 0; fi
  done
  return 1
}

install_browser() {
  command -v apt-get >/dev/null 2>&1 || return 1
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || return 1
    as_root=(sudo -n)
  fi
  echo "Installing Debian's chromium for the browser test (once)…" >&2
  "${as_root[@]}" apt-get update -qq >&2 &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core >&2
}

find_browser && exit 0
install_browser && find_browser && exit 0
cat >&2 <<'SAY'
No Chromium here, and it cannot be installed from this account.
Install one (Debian: apt-get install chromium; macOS: Google Chrome) or name one: CHROMIUM=/path/to/chromium make test
SAY
exit 1
