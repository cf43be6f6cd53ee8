"""A sample set as a folder: downloaded, unpacked and finished, or not there at all."""

import shutil
from pathlib import Path

from training.errors import TrainingError
from training.ingestion.sources.archives import ArchiveLimits, extract
from training.progress import Progress
from training.samples.catalogue import Sample
from training.samples.downloading import download

ABOUT = "SOURCE.txt"


def get_sample(sample: Sample, to: Path, limits: ArchiveLimits, progress: Progress) -> Path:
    """The folder `to`/NAME; one that is there already is kept.

    Raises:
        DownloadFailed: as `download` does; what came so far is kept beside it.
        BadArchive: an archive is not as it should be.
        TrainingError: something else has that name.
    """
    target = to / sample.name
    if (target / ABOUT).is_file():
        return target
    if target.exists():
        raise TrainingError(f"{target} is in the way: move it elsewhere, or name another folder with --to")
    downloads, part = to / f".{sample.name}.download", to / f".{sample.name}.part"
    downloads.mkdir(parents=True, exist_ok=True)
    try:
        archives = [download(archive, downloads, progress) for archive in sample.archives]
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        for archive in archives:
            progress.tell(f"Unpacking {archive.name}")
            extract(archive, part, limits)
        if sample.finish is not None:
            sample.finish(part)
        (part / ABOUT).write_text(_about(sample), encoding="utf-8")
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if target.exists() or not any(downloads.iterdir()):
            shutil.rmtree(downloads)
    return target


def _about(sample: Sample) -> str:
    lines = [sample.about, f"Licence: {sample.licence}", f"From: {sample.homepage}"]
    return "\n".join(lines + [f"SHA-256 {one.sha256}  {one.url}" for one in sample.archives]) + "\n"
