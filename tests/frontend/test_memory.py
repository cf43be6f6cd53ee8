"""That pictures which were let go leave nothing in memory, in a process with the page's environment."""

import os
import platform
import subprocess
import sys

import pytest

from tests.images.compose import image_environment
from training.cli.processes import page_settings

# Like Streamlit: what a click brings about happens in a thread of its own, which has threads of its own.
LOOKING = """
import io, mmap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread

from frontend.picture import preview
from tests.drawing import draw, encode

picture = encode(draw("red", size=(1280, 960)))

def look():
    assert preview(picture)
    with ThreadPoolExecutor(4) as fetchers:
        list(fetchers.map(bytes, [15_000] * 12))

def look_often(times):
    for _ in range(times):
        thread = Thread(target=look)
        thread.start()
        thread.join()

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1])

look_often(1)
before = resident()
look_often(30)
print((resident() - before) * mmap.PAGESIZE)
"""
MOST_BYTES = 10e6  # without the page's settings: some 60 MB


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc's allocator")
def test_a_picture_that_was_looked_at_leaves_its_pixels_in_no_threads_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOKING],
        env=os.environ | page_settings(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < MOST_BYTES


def test_the_pages_image_has_its_settings() -> None:
    assert image_environment("Dockerfile.ui").items() >= page_settings().items()
