#!/usr/bin/env bash
# Makes the image's files by the steps of the Dockerfile, without an engine, weighs them, and runs the product from them as the image says: as its user, in a root that is read-only and holds nothing else. The latter needs root (chroot, mount).
set -euo pipefail
cd "$(dirname "$0")/.."

most=40000000 # bytes, compressed
dir=$(mktemp -d "${TMPDIR:-/tmp}/payload-tracker-image.XXXXXX")
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir" # the image's user passes through

echo "image: the steps of the Dockerfile"
version=$(git describe --tags --always --dirty 2>/dev/null || echo development)
go -C deploy run ./image -o "$dir" "VERSION=$version" "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)"

size=$(tar -C "$dir/root" -c . | gzip -9 | wc -c)
echo "image: $size bytes compressed (at most $most)"
[ "$size" -le "$most" ] || exit 1

if [ "$(id -u)" != 0 ] || ! unshare --mount true 2>/dev/null; then
  echo "image: not run, since only root may mount a folder read-only and change a process's root"
  exit 0
fi
# The mount is seen by what runs below, and gone when it ends.
IMAGE="$dir" unshare --mount bash -euo pipefail -c '
  mount --bind "$IMAGE/root" "$IMAGE/root"
  mount -o remount,bind,ro "$IMAGE/root"
  go test -tags image -count=1 -timeout 10m -run "^TestImage" -v ./cmd/payload-tracker'
