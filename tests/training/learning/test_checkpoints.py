"""Checkpoints on disk."""

import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from training.learning.checkpoints import WholeFiles


def test_a_checkpoint_is_written_beside_its_place_and_not_through_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    path = tmp_path / "run" / "last.ckpt"
    WholeFiles().save_checkpoint({"epoch": 3}, path)
    assert torch.load(path, weights_only=True) == {"epoch": 3}
    assert [file.name for file in path.parent.iterdir()] == ["last.ckpt"]


def test_what_cannot_be_written_whole_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    WholeFiles().save_checkpoint({"epoch": 3}, path)
    with pytest.raises(AttributeError, match="lambda"):
        WholeFiles().save_checkpoint({"weights": torch.ones(9999), "broken": lambda: None}, path)
    assert torch.load(path, weights_only=True) == {"epoch": 3}


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may become longer: as on a full disk, writing ends with an error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_an_error_of_the_disk_and_no_draft_stays_on_it(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    WholeFiles().save_checkpoint({"epoch": 3}, path)
    with pytest.raises(OSError, match="is the disk full"), room_for(100_000):
        WholeFiles().save_checkpoint({"weights": torch.ones(999_999)}, path)
    assert torch.load(path, weights_only=True) == {"epoch": 3}
    assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]
