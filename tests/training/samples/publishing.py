"""Sample sets that a server of the tests' own publishes."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from tests.drawing import picture
from tests.training.ingestion.packing import pack_zip
from tests.training.samples.serving import Site
from training.samples.catalogue import Archive, Sample


def publish(
    site: Site, *files: Path, source: str = "pets", finish: Callable[[Path], None] | None = None
) -> Sample:
    for file in files:
        site.files[file.name] = file.read_bytes()
    archives = tuple(
        Archive(site.url(file.name), file.stat().st_size, hashlib.sha256(file.read_bytes()).hexdigest())
        for file in files
    )
    return Sample("drawn", "drawn pictures", "CC0", "http://localhost/", archives, source, finish)


def publish_colours(site: Site, folder: Path) -> Sample:
    """Ten drawn pictures of two colours as a set."""
    entries = [(f"pets/{c}/{n}.jpg", picture(c, n)) for c in ("red", "green") for n in range(5)]
    return publish(site, pack_zip(folder / "drawn.zip", *entries))
