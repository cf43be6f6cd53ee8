import os
from pathlib import Path

import pytest

from backend.inference.cpu import available_cpus

HERE = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("limit", "cores"),
    [
        ("max 100000", HERE),
        ("100000 100000", 1),
        ("50000 100000", 1),
        ("150000 100000", 1),
        ("99900000 100000", HERE),
    ],
)
def test_the_quota_of_cgroup_2_is_respected(tmp_path: Path, limit: str, cores: int) -> None:
    (tmp_path / "cpu.max").write_text(limit + "\n")
    assert available_cpus(tmp_path) == cores


@pytest.mark.parametrize(("quota", "cores"), [("-1", HERE), ("100000", 1)])
def test_the_quota_of_cgroup_1_is_respected(tmp_path: Path, quota: str, cores: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert available_cpus(tmp_path) == cores


def test_without_a_cgroup_the_affinity_counts(tmp_path: Path) -> None:
    assert available_cpus(tmp_path) == HERE
