import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from databases.settings import PROJECT
from tests.backend.api.conftest import Library
from tests.drawing import picture
from tests.processes import free_port, running


def environment(library: Library, port: int) -> dict[str, str]:
    return {
        "DATABASE_URL": library.settings.database_url,
        "MENAGERIE_BUNDLES": str(library.settings.bundles),
        "MENAGERIE_PORT": str(port),
    }


def test_a_real_process_answers_and_ends_in_good_order_on_sigterm(
    small_library: Library, tmp_path: Path
) -> None:
    port = free_port()
    base, log = f"http://127.0.0.1:{port}", tmp_path / "log"
    with running(["backend.api"], environment(small_library, port), f"{base}/readyz", log) as process:
        answer = httpx.post(f"{base}/predict", files={"file": picture("red")})
        assert answer.json()["label"] == "red"
        assert "server" not in answer.headers
        process.send_signal(signal.SIGTERM)
        process.wait(15)
    assert "Traceback" not in log.read_text()
    assert "Application shutdown complete" in log.read_text()


def test_the_service_never_imports_torch_or_training() -> None:
    strangers = "('torch', 'training', 'frontend', 'sklearn')"
    code = f"import sys, backend.api.__main__; print([m for m in {strangers} if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT).stdout
        == "[]\n"
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"MENAGERIE_PORT": "eighty"}, "MENAGERIE_PORT='eighty'"),
        ({"MENAGERIE_LOG_LEVEL": "loud"}, "MENAGERIE_LOG_LEVEL='loud'"),
        ({"DATABASE_URL": "mysql://x/y"}, "only sqlite and postgresql"),
        (
            {"MENAGERIE_TASK": "emus"},
            "MENAGERIE_TASK='emus': no model of task 'emus' was promoted; there are some of: colours; run: ",
        ),
    ],
)
def test_what_is_wrong_at_the_start_is_one_line(
    small_library: Library, changes: dict[str, str], told: str
) -> None:
    settings = os.environ | environment(small_library, free_port()) | changes
    ended = subprocess.run(
        [sys.executable, "-m", "backend.api"],
        env=settings,
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=60,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert told in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_prepare_as_a_command_makes_a_fresh_installation_serve(
    small_library: Library, tmp_path: Path
) -> None:
    fresh = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'new' / 'i.db'}",
        "MENAGERIE_BUNDLES": str(tmp_path / "new" / "b"),
    }
    source = str(small_library.settings.bundles / "colours-1")
    for bundle, code in ((source, 0), (source, 0), (str(tmp_path), 1)):
        ended = subprocess.run(
            [sys.executable, "-m", "backend.api.prepare", bundle],
            env=os.environ | fresh,
            capture_output=True,
            text=True,
            cwd=PROJECT,
        )
        assert ended.returncode == code, ended.stderr
    assert ended.stderr.startswith("error: no readable manifest")
    port = free_port()
    settings = fresh | {"MENAGERIE_PORT": str(port)}
    with running(["backend.api"], settings, f"http://127.0.0.1:{port}/readyz", tmp_path / "log"):
        assert httpx.get(f"http://127.0.0.1:{port}/images").json() == {
            "total": 0,
            "items": [],
            "next_after": None,
        }
