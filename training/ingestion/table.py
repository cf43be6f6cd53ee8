"""The library as a CSV table, which `ingest` reads back."""

import csv
from collections.abc import Iterable
from pathlib import Path

from databases.library import LibraryImage

COLUMNS = ("filename", "file_path", "bytes_size", "resolution", "aspect_ratio", "type", "label", "split")


def write_table(images: Iterable[LibraryImage], path: Path) -> int:
    """Writes one row a picture and returns how many. `resolution` is width x height in pixels, upright."""
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for image in images:
            writer.writerow(_row(image))
            count += 1
    return count


def _row(image: LibraryImage) -> tuple[object, ...]:
    return (
        image.file_name,
        str(image.place),
        image.bytes,
        f"{image.width}x{image.height}",
        f"{image.width / image.height:.4f}",
        image.format,
        image.label or "",
        image.split or "",
    )
