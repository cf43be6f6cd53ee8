"""Where trainings are told to, and what cannot be such a place."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from databases.settings import PROJECT, SettingsError, load_settings
from tests.training.conftest import MLFLOW_IS_OLD
from training.tracking.settings import TrackingSettings

pytestmark = pytest.mark.filterwarnings(MLFLOW_IS_OLD)


def test_by_default_the_store_lies_beside_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MENAGERIE_TRACKING")
    settings = load_settings(TrackingSettings)
    assert settings.tracking
    assert settings.file == PROJECT / "databases" / "mlflow.db"
    assert settings.artifacts == PROJECT / "databases" / "mlflow-artifacts"


def test_a_server_has_its_own_place_and_its_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@dagshub.com/me/animals.mlflow")
    settings = load_settings(TrackingSettings)
    assert settings.file is None
    assert settings.artifacts is None
    assert settings.shown == "https://dagshub.com/me/animals.mlflow"
    assert settings.environment()["MLFLOW_TRACKING_URI"] == settings.uri


def test_waiting_may_be_set_and_telemetry_may_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "false")
    environment = load_settings(TrackingSettings).environment()
    assert environment["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"
    assert environment["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "1"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MENAGERIE_TRACKING", "often"),
        ("MLFLOW_TRACKING_URI", ""),
        ("MLFLOW_TRACKING_URI", "mlflow.db"),
        ("MLFLOW_TRACKING_URI", "sqlite:///"),
        ("MLFLOW_TRACKING_URI", "ftp://localhost/mlflow"),
        ("MLFLOW_TRACKING_URI", "http://"),
        ("MLFLOW_TRACKING_URI", "http://localhost:mlflow"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"^{variable}={value!r}: "):
        load_settings(TrackingSettings)


def test_the_librarys_database_and_other_files_are_no_store(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"no database, but long enough to be one, as it has its bytes" * 9)
    for uri in (str(engine.url), f"sqlite:///{tmp_path / 'photo.jpg'}"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        with pytest.raises(SettingsError, match="this file is no store of MLflow's"):
            load_settings(TrackingSettings)


def test_a_store_of_mlflows_is_one(store: TrackingSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    assert load_settings(TrackingSettings).file == store.file
