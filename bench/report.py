"""A benchmark's rows: what was measured, the bar, and whether it holds; with the machine and the versions."""

import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal, NoReturn

from rich.console import Console

from backend.inference.cpu import available_cpus
from training.cli.console import make_table

RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("numpy", "onnxruntime", "pillow", "fastapi", "sqlalchemy", "torch")


@dataclass(frozen=True)
class Row:
    """One figure. The bar is the least or the most that it may be."""

    what: str
    value: float
    unit: str
    bar: float
    better: Literal["higher", "lower"]

    @property
    def holds(self) -> bool:
        return self.value >= self.bar if self.better == "higher" else self.value <= self.bar


def measure(
    name: str, rows: Callable[[Path, Path], Iterator[Row]], rivals: Mapping[str, str] | None = None
) -> NoReturn:
    """Reports the rows that come of the pictures in MENAGERIE_DATA and an empty folder; exits with 1 unless
    all bars hold. `rivals`: versions of programs in other environments."""
    data = os.environ.get("MENAGERIE_DATA")
    if not data:
        sys.exit("MENAGERIE_DATA is unset: it names the folder of real pictures to measure on")
    with tempfile.TemporaryDirectory() as temporary:
        holds = report(name, rows(Path(data), Path(temporary)), rivals)
    sys.exit(0 if holds else 1)


def report(name: str, rows: Iterable[Row], rivals: Mapping[str, str] | None = None) -> bool:
    """Prints the rows as they come, writes bench/results/`name`.json, and tells whether all bars hold."""
    console = Console()
    done = []
    for row in rows:
        console.print(f"{row.what}: {row.value:.4g} {row.unit}", highlight=False)
        done.append(row)
    table = make_table("what", "value", "unit", "bar", "holds")
    for row in done:
        sign = ">=" if row.better == "higher" else "<="
        table.add_row(
            row.what, f"{row.value:.4g}", row.unit, f"{sign} {row.bar:.4g}", "yes" if row.holds else "NO"
        )
    console.print(table)
    RESULTS.mkdir(exist_ok=True)
    content = {
        "name": name,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"system": platform.platform(), "processor": _processor(), "cores": available_cpus()},
        "versions": {"python": sys.version.split()[0]}
        | {library: version(library) for library in LIBRARIES}
        | dict(rivals or {}),
        "rows": [asdict(row) | {"holds": row.holds} for row in done],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return all(row.holds for row in done)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
