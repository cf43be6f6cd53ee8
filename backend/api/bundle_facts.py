"""What a bundle tells of itself without being loaded: its manifest, its size, how fast it was."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from backend.bundles.places import Bundles, bundle_place
from backend.inference.errors import BadBundle
from backend.inference.manifest import MANIFEST, Manifest, parse_manifest
from backend.recent import Recent
from databases.places import Place, Unreachable

log = logging.getLogger(__name__)

PAGE, FIGURES = "report.html", "report.json"
KEPT = 256  # manifests, and figures
Answer = TypeVar("Answer")
# What lies at a URL: to ask for it costs a request or two, and where nothing answers it takes seconds.
REPORTS_SECONDS, QUIET_SECONDS = 60.0, 30.0


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
    """The bundles, and the reports on them; what was read is kept as long as its file is the same. At a URL a
    bundle does not change, and reports are looked at once a minute."""

    def __init__(self, bundles: Bundles, reports: Place) -> None:
        self._bundles = bundles
        self._reports = reports
        self._kept: Recent[tuple[str, int], tuple[Manifest, int]] = Recent(KEPT)
        self._measured: Recent[tuple[str, int], tuple[float | None]] = Recent(KEPT)
        self._quiet_until = 0.0

    def facts(self, bundle_uri: str, version: str) -> BundleFacts | None:
        """None where the bundle cannot be read now, or its manifest cannot be understood."""
        place = bundle_place(self._bundles, bundle_uri)
        key = version, _changed(place / MANIFEST) if isinstance(place, Path) else 0
        found = self._kept.get(key)
        if found is None:
            try:
                found = self._ask(lambda: _read(place))
            except (BadBundle, OSError) as error:
                log.warning("the bundle of %s tells nothing: %s", version, error)
            if found is None:
                return None
            self._kept.put(key, found)
        return BundleFacts(*found, self._latency(found[0], version))

    def report(self, version: str) -> bytes | None:
        """The page that tells how good a model is, where it was written."""
        with suppress(OSError):
            return self._ask((self._reports / version / PAGE).read_bytes)
        return None

    def reported_at(self, version: str) -> datetime | None:
        """When that was written."""
        page = self._reports / version / PAGE
        with suppress(OSError):
            changed = self._ask(lambda: page.stat().st_mtime_ns)
            return None if changed is None else datetime.fromtimestamp(changed / 1e9, UTC)
        return None

    def _latency(self, manifest: Manifest, version: str) -> float | None:
        place = self._reports / version / FIGURES
        when = _changed(place) if isinstance(place, Path) else int(time.monotonic() // REPORTS_SECONDS)
        found = self._measured.get((version, when))
        if found is None:
            figures = None
            with suppress(OSError):
                figures = self._ask(place.read_bytes)
            found = (_latency(manifest, figures),)
            self._measured.put((version, when), found)
        return found[0]

    def _ask(self, ask: Callable[[], Answer]) -> Answer | None:
        """What `ask` finds. None for a while after something did not answer: to try that takes seconds."""
        if time.monotonic() < self._quiet_until:
            return None
        try:
            return ask()
        except Unreachable:
            self._quiet_until = time.monotonic() + QUIET_SECONDS
            raise


def _read(place: Place) -> tuple[Manifest, int]:
    """A bundle's manifest, and the bytes of all its files."""
    path = place / MANIFEST
    manifest = parse_manifest(path.read_bytes(), str(path))
    return manifest, sum((place / name).stat().st_size for name in (*manifest.files, MANIFEST))


def _latency(manifest: Manifest, figures: bytes | None) -> float | None:
    """By the report's `figures`, or else as it was measured for the manifest."""
    serving = manifest.serving
    try:
        return _Figures.model_validate_json(figures or b"").speed.median_ms
    except ValidationError:
        measured = [one.latency_ms for one in serving.candidates if one.file == serving.file]
        return measured[0] if measured else None


def _changed(path: Path) -> int:
    """When a file was written last, in nanoseconds; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
