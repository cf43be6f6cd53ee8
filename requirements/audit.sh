#!/usr/bin/env bash
# Fails where a package that people run with has a known vulnerability. Without an advisory service it says so, and
# passes.
# requirements/audit.sh PIP_AUDIT
set -euo pipefail
cd "$(dirname "$0")"

for role in api ui training cluster; do
  vulnerable=
  report=$("$1" -r "$role.txt" --disable-pip --no-deps --progress-spinner off 2>&1) || vulnerable=yes
  unknown=$(grep -c 'could not be audited' <<<"$report" || true)
  if grep -q 'ConnectionError\|ServiceError' <<<"$report"; then
    echo "$role: the advisory service does not answer: nothing was audited"
  elif [ "$vulnerable" ]; then
    grep -v 'could not be audited' <<<"$report"
    exit 1
  else
    echo "$role: no vulnerability is known; $unknown packages are not known to the advisory service"
  fi
done
