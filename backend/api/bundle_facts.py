"""What a bundle on disk tells of itself without being loaded: its manifest, its size, how fast it was."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from backend.inference.errors import BadBundle
from backend.inference.manifest import MANIFEST, Manifest, read_manifest
from backend.recent import Recent

log = logging.getLogger(__name__)

PAGE, FIGURES = "report.html", "report.json"
KEPT = 256  # manifests


@dataclass(frozen=True)
class BundleFacts:
    """`bytes`: of the files that the manifest names, and itself. `latency_ms`: the median for one picture
    when it was measured last, on the machine that did."""

    manifest: Manifest
    bytes: int
    latency_ms: float | None


class _Speed(BaseModel):
    median_ms: float


class _Figures(BaseModel):
    """Of a report, what matters here."""

    speed: _Speed


class BundleShelf:
    """The bundles of a folder and the reports on them; what was read is kept as long as its file is the
    same."""

    def __init__(self, bundles: Path, reports: Path) -> None:
        self._bundles = bundles
        self._reports = reports
        self._kept: Recent[tuple[str, int, int], BundleFacts] = Recent(KEPT)

    def facts(self, bundle_uri: str, version: str) -> BundleFacts | None:
        """None where the bundle is not there, or its manifest cannot be understood."""
        folder, figures = self._bundles / bundle_uri, self._reports / version / FIGURES
        key = version, _changed(folder / MANIFEST), _changed(figures)
        facts = self._kept.get(key)
        if facts is None:
            try:
                facts = _read(folder, figures)
            except (BadBundle, OSError) as error:
                log.warning("the bundle of %s tells nothing: %s", version, error)
                return None
            self._kept.put(key, facts)
        return facts

    def report(self, version: str) -> bytes | None:
        """The page that tells how good a model is, where it was written."""
        try:
            return (self._reports / version / PAGE).read_bytes()
        except OSError:
            return None

    def reported_at(self, version: str) -> datetime | None:
        """When that was written."""
        changed = _changed(self._reports / version / PAGE)
        return datetime.fromtimestamp(changed / 1e9, UTC) if changed else None


def _read(folder: Path, figures: Path) -> BundleFacts:
    manifest = read_manifest(folder)
    size = sum((folder / name).stat().st_size for name in (*manifest.files, MANIFEST))
    return BundleFacts(manifest, size, _latency(manifest, figures))


def _latency(manifest: Manifest, figures: Path) -> float | None:
    serving = manifest.serving
    try:
        return _Figures.model_validate_json(figures.read_bytes()).speed.median_ms
    except (OSError, ValidationError):
        measured = [one.latency_ms for one in serving.candidates if one.file == serving.file]
        return measured[0] if measured else None


def _changed(path: Path) -> int:
    """When a file was written last, in nanoseconds; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
