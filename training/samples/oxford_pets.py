"""The Oxford-IIIT Pet set (Parkhi et al., "Cats and Dogs", CVPR 2012) as a table that `ingest` reads."""

import csv
from pathlib import Path

SPLITS = {"trainval.txt": "train", "test.txt": "test"}


def write_labels(folder: Path) -> None:
    """Writes labels.csv beside `images` and `annotations`, whose lists name a picture a line: Abyssinian_100
    is one of an Abyssinian."""
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "label", "split"))
        for name, split in SPLITS.items():
            for line in (folder / "annotations" / name).read_text(encoding="utf-8").splitlines():
                picture = line.split()[0]
                breed = picture.rpartition("_")[0].replace("_", " ")
                writer.writerow((f"images/{picture}.jpg", breed, split))
