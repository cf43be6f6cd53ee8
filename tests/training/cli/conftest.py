"""The program as a person runs it: in this process where that is enough, or as one of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.drawing import draw_class_folders
from training.cli.main import main


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line of a foreseen error."""
        assert self.code == 1, self
        (line,) = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert "Traceback" not in self.err
        return line.removeprefix("error: ")


Menagerie = Callable[..., Ran]


def environment_of(database_url: str, bundles: Path) -> dict[str, str]:
    """What a process of the program is told."""
    return {
        "DATABASE_URL": database_url,
        "MENAGERIE_BUNDLES": str(bundles),
        "COLUMNS": "200",
        "TERM": "dumb",
    }


@pytest.fixture
def environment(database_url: str, bundles: Path) -> dict[str, str]:
    return environment_of(database_url, bundles)


@pytest.fixture
def menagerie(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Menagerie:
    """Runs a command in this process, on a database and a folder of bundles of the test's own."""

    def run(*arguments: object) -> Ran:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["menagerie", *map(str, arguments)])
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return Ran(code, *capfd.readouterr())

    return run


@pytest.fixture
def run_process(environment: dict[str, str]) -> Menagerie:
    """Runs a command as a process of its own."""

    def run(*arguments: object, **settings: str) -> Ran:
        done = subprocess.run(
            command(*arguments),
            env=os.environ | environment | settings,
            capture_output=True,
            text=True,
            timeout=240,  # a busy machine takes its time
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return draw_class_folders(tmp_path / "colours", per_label=6)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "training.cli.main", *map(str, arguments)]
