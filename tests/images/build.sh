#!/usr/bin/env bash
# Builds the images without a Docker engine, on a base made by debootstrap, and asks what runs in them.
# As root, from anywhere: tests/images/build.sh; WITH_TRAINING=1 builds the image of training too (20 GB of disk).
# The base is kept between runs; to make it anew: buildah rmi localhost/menagerie-test-base:bookworm
set -euo pipefail
cd "$(dirname "$0")/../.."

BASE=localhost/menagerie-test-base:bookworm
API=localhost/menagerie-test-api:latest
UI=localhost/menagerie-test-ui:latest
TRAINING=localhost/menagerie-test-training:latest
PYTHON=${PYTHON:-.venv/bin/python}
API_BAR_MB=450
UI_BAR_MB=600

install_tools() {
  command -v buildah >/dev/null && command -v debootstrap >/dev/null && command -v ip >/dev/null && return
  apt-get -qq -o DPkg::Lock::Timeout=300 update
  apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends buildah debootstrap iproute2
}

make_base() {
  buildah inspect --type image "$BASE" >/dev/null 2>&1 && return
  echo "Making $BASE ..."
  local container root log
  container=$(buildah from scratch)
  root=$(buildah mount "$container")
  log=$(mktemp)
  if ! debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$root" >"$log" 2>&1; then
    tail -n 20 "$log"
    buildah rm "$container" >/dev/null
    return 1
  fi
  rm -rf "$log" "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  buildah umount "$container" >/dev/null
  # pip and uv trust certificates of their own unless they are told of the system's.
  buildah config --cmd python3 --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    --env PIP_CERT=/etc/ssl/certs/ca-certificates.crt "$container"
  buildah commit --quiet --rm "$container" "$BASE" >/dev/null
}

build() { # DOCKERFILE IMAGE
  local started=$SECONDS log certificates=()
  log=$(mktemp)
  if [[ -n ${SSL_CERT_FILE:-} ]]; then
    certificates=(--volume "$SSL_CERT_FILE:/etc/ssl/certs/ca-certificates.crt:ro")
  fi
  echo "Building $1 ..."
  if ! buildah bud --isolation chroot --network host --format docker "${certificates[@]}" \
    --build-arg PYTHON_IMAGE="$BASE" --file "$1" --tag "$2" . >"$log" 2>&1; then
    tail -n 40 "$log"
    return 1
  fi
  rm "$log"
  echo "Built $1 in $((SECONDS - started)) s"
}

unpacked_mb() { # IMAGE
  local container
  container=$(buildah from "$1")
  du -sxm "$(buildah mount "$container")" | cut -f1
  buildah rm "$container" >/dev/null
}

check_size() { # IMAGE BAR_MB
  local over=$(($(unpacked_mb "$1") - $(unpacked_mb "$BASE")))
  echo "$1: $over MB over the base (bar: $2)"
  ((over <= $2))
}

[[ $(id -u) == 0 ]] || { echo "tests/images/build.sh needs root: buildah mounts file systems" >&2; exit 1; }
install_tools
make_base
# Else every run would leave the images of the one before, unnamed.
buildah rmi "$API" "$UI" >/dev/null 2>&1 || true
build Dockerfile.api "$API"
build Dockerfile.ui "$UI"
if [[ -n ${WITH_TRAINING:-} ]]; then
  buildah rmi "$TRAINING" >/dev/null 2>&1 || true
  build Dockerfile.training "$TRAINING"
  export TRAINING_IMAGE=$TRAINING
fi
check_size "$API" "$API_BAR_MB"
check_size "$UI" "$UI_BAR_MB"
# In a network of its own: the images' ports are free there, and nothing can be fetched when serving.
API_IMAGE=$API UI_IMAGE=$UI unshare --net bash -c 'ip link set lo up && exec "$@"' - \
  "$PYTHON" -m pytest -v tests/images/running_images.py
