"""A part of an index is written whole, or that it cannot be is told."""

import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from backend.gallery.segment import Cells, Columns, write_segment
from tests.filesystems import small_disk

ROWS, SIZE = 4000, 512  # of two megabytes


def write_more_than_fits(folder: Path) -> None:
    columns = Columns(np.zeros((9, ROWS), np.int64))
    nothing = np.zeros(1, np.int64)
    cells = Cells(nothing, nothing, np.array([0, ROWS]), np.zeros((1, SIZE), np.int8), np.ones(1))
    with pytest.raises(OSError, match="No space left"):
        write_segment(
            folder, columns, cells, SIZE, lambda rows: np.ones((rows.stop - rows.start, SIZE), np.int8)
        )


def test_a_full_disk_is_told_and_ends_no_process(tmp_path: Path) -> None:
    with small_disk(tmp_path, megabytes=1):
        # One of its own: it would not be an exception that ends it.
        process = multiprocessing.get_context("spawn").Process(
            target=write_more_than_fits, args=(tmp_path / "part",)
        )
        process.start()
        process.join()
    assert process.exitcode == 0
