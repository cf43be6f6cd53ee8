"""`python -m backend.keeping`, for where there is no `menagerie`."""

import os
import signal
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.keeping import archive
from backend.keeping.__main__ import main
from backend.keeping.contents import Member
from databases.places import Place
from tests.backend.api.conftest import Library


@pytest.fixture
def run(
    small_library: Library, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """What a command says."""
    small_library.engine.dispose()
    monkeypatch.setenv("DATABASE_URL", small_library.settings.database_url)
    monkeypatch.setenv("MENAGERIE_BUNDLES", str(small_library.bundles))

    def run(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["keeping", *map(str, arguments)])
        main()
        return capsys.readouterr().out

    return run


def test_a_backup_without_its_champion_is_an_error_and_there_all_the_same(
    run: Callable[..., str], small_library: Library, tmp_path: Path
) -> None:
    (small_library.bundles / "colours-1" / "model.onnx").unlink()
    with pytest.raises(SystemExit, match="error: colours-1 serves, and is missing or damaged"):
        run("backup", tmp_path / "kept.tar")
    with pytest.raises(SystemExit, match="error: nothing was put back: colours-1 serves"):
        run("restore", tmp_path / "kept.tar", "--force")
    assert run("restore", tmp_path / "kept.tar", "--force", "--damaged").count("set aside: ") == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_whoever_ends_it_is_told_so_and_nothing_is_left(
    run: Callable[..., str],
    tmp_path: Path,
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    add = archive.add

    def ended(tar: tarfile.TarFile, name: str, path: Place) -> Member:
        os.kill(os.getpid(), number)
        return add(tar, name, path)

    monkeypatch.setattr(archive, "add", ended)
    (tmp_path / "backups").mkdir()
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as ended_by:
        run("backup", tmp_path / "backups")
    assert ended_by.value.code == 128 + number
    told = capsys.readouterr().err.splitlines()
    assert told[-1] == f"error: ended by {number.name}; what was half done was taken back"
    assert not list((tmp_path / "backups").iterdir())
    assert signal.getsignal(number) == before


def test_it_backs_up_and_restores(run: Callable[..., str], tmp_path: Path) -> None:
    kept = tmp_path / "kept.tar"
    assert run("backup", kept, "--pictures") == f"{kept}\n"
    assert run("restore", kept, "--force").count("set aside: ") == 2
    with pytest.raises(SystemExit, match="error: there is a state already"):
        run("restore", kept)
