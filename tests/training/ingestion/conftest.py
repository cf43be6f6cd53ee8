"""Where the tests' archives are unpacked."""

from pathlib import Path

import pytest

from training.ingestion.sources.archives import ArchiveLimits, Unpacking
from training.progress import Silent


@pytest.fixture
def unpacking(tmp_path: Path) -> Unpacking:
    return Unpacking(tmp_path / "unpacked", ArchiveLimits(), Silent())
