"""What was found in a task's pictures, on disk."""

import json
from pathlib import Path

from pydantic import JsonValue

from training.checking.check import Checkup
from training.checking.findings import Finding
from training.reporting.check_page import check_page
from training.reporting.files import write_whole
from training.reporting.writing import Written

FORMAT_VERSION = 1


def write_checkup(checkup: Checkup, folder: Path) -> Written:
    """Writes `check.html` and `check.json` into `folder`, which is made where it is absent."""
    written = Written(folder / "check.html", folder / "check.json")
    write_whole(written.page, check_page(checkup))
    write_whole(written.figures, json.dumps(checkup_json(checkup), allow_nan=False))
    return written


def checkup_json(checkup: Checkup) -> dict[str, JsonValue]:
    """Every finding by the code of its kind, the worst first."""
    found: dict[str, JsonValue] = {
        part.kind.code: [_finding(one) for one in part.findings] for part in checkup.found
    }
    return {
        "format_version": FORMAT_VERSION,
        "task": checkup.task,
        "pictures": checkup.pictures,
        "pictures_found": checkup.pictures_found,
        "found": found,
        "notes": list(checkup.notes),
    }


def _finding(one: Finding) -> dict[str, JsonValue]:
    image = one.image
    return {
        "id": image.id,
        "root": image.root,
        "uri": image.uri,
        "sha256": image.sha256,
        "split": image.split,
        "label": image.label,
        "better_label": one.better,
        "figures": dict(one.figures),
    }
