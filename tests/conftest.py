"""What several rooms' tests start from."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine

from backend.inference.cpu import available_cpus
from tests.object_store import Bucket, make_bucket, s3_server
from tests.opening import open_database
from tests.postgresql import running_server

# PyTorch reads it when it is imported, here and in the processes that tests start. Its threads wait for one
# another by spinning: where something else wants a core too, two of them take ten times as long as one.
os.environ.setdefault("OMP_NUM_THREADS", "1")


# An example may take as long as it likes: on a busy machine any of them is held up now and then.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


# Where the real pictures lie, what must not be left out, and what the fixtures below say for all tests.
NOT_LEFT_OUT = ("POSTGRESQL", "NGINX", "PROMTOOL", "QEMU", "BROWSER")
FROM_OUTSIDE = {f"MENAGERIE_{name}" for name in ("DATA", *NOT_LEFT_OUT, "TRACKING", "DUPLICATES")}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests wait for processes, clocks and servers a quarter of their time."""
    return available_cpus() + 1


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_tracked() -> Iterator[None]:
    """MLflow takes seconds to start; the tests that are about it switch it on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MENAGERIE_TRACKING", "off")
        yield


@pytest.fixture(scope="session", autouse=True)
def _look_alikes_are_found_by_hash() -> Iterator[None]:
    """The starter takes seconds to build; the tests that are about embeddings ask for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MENAGERIE_DUPLICATES", "hash")
        yield


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests say themselves what is set; only where the real pictures lie and what must not be left out comes
    from outside."""
    for name in os.environ:
        if name in ("DATABASE_URL", "MLFLOW_TRACKING_URI", "PROMETHEUS_MULTIPROC_DIR") or (
            name.startswith(("MENAGERIE_", "AWS_", "OTEL_")) and name not in FROM_OUTSIDE
        ):
            monkeypatch.delenv(name)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'state' / 'images.db'}"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A fresh SQLite database of today's schema."""
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    return tmp_path / "bundles"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a real PostgreSQL server of our own."""
    # Not below pytest's own folder: another pytest that begins shuts that to the server's user.
    with tempfile.TemporaryDirectory(prefix="menagerie-pg-") as folder, running_server(Path(folder)) as url:
        yield url


@pytest.fixture(scope="session")
def real_pictures() -> Path:
    """The folder of real pictures."""
    folder = os.environ.get("MENAGERIE_DATA")
    if not folder:
        pytest.skip("MENAGERIE_DATA is unset: no real pictures to try")
    return Path(folder)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The AWS_* variables by which an S3 server of the tests' own is reached."""
    with s3_server(tmp_path_factory.mktemp("s3") / "server.log") as settings:
        yield settings


@pytest.fixture
def bucket(s3: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty bucket of the test's own, which the environment tells how to reach."""
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    return make_bucket(f"pictures-{uuid.uuid4().hex[:8]}", s3)
