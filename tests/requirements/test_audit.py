"""`requirements/audit.sh`: what people run is audited, whichever lock they installed it from."""

import subprocess
from pathlib import Path

import pytest

from databases.settings import PROJECT

LOCKS = PROJECT / "requirements"
# What makes, checks and compares, and is run by nobody who runs what we ship.
TOOLS = {"uv", "dev", "rivals", "audit"}
SHIPPED = sorted({path.stem for path in LOCKS.glob("*.txt")} - TOOLS)


def audit(vulnerable: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The script, beside an auditor that knows of one lock that it holds something vulnerable."""
    auditor = folder / "pip-audit"
    auditor.write_text(f'#!/bin/sh\n[ "$2" != {vulnerable}.txt ] || {{ echo "a hole in $2"; exit 1; }}\n')
    auditor.chmod(0o755)
    command = [str(LOCKS / "audit.sh"), str(auditor)]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.parametrize("role", SHIPPED)
def test_a_vulnerable_package_in_any_lock_that_we_ship_fails_the_audit(role: str, tmp_path: Path) -> None:
    done = audit(role, tmp_path)
    assert done.returncode == 1
    assert f"a hole in {role}.txt" in done.stdout


def test_where_none_is_known_each_lock_is_told_to_be_in_order(tmp_path: Path) -> None:
    done = audit("none", tmp_path)
    assert done.returncode == 0
    assert sorted(line.partition(":")[0] for line in done.stdout.splitlines()) == SHIPPED
