"""Settings come from the environment, and a wrong one is named with its value."""

from pathlib import Path

import pytest
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from databases.places import RemoteFile
from databases.settings import PROJECT, SettingsError, StateSettings, load_settings


class Kitchen(BaseSettings):
    """Settings of a kind that can be wrong in several ways."""

    model_config = SettingsConfigDict(env_prefix="MENAGERIE_")

    port: int = 8000
    names: list[str] = []
    tracking: int = Field(default=1, validation_alias="TRACKING")


def test_by_default_the_state_lies_in_the_repository() -> None:
    settings = load_settings(StateSettings)
    assert settings.database_url == f"sqlite:///{PROJECT}/databases/images.db"
    assert settings.bundles == PROJECT / "bundles"


def test_the_environment_says_where_the_state_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/menagerie")
    monkeypatch.setenv("MENAGERIE_BUNDLES", "/srv/bundles")
    settings = load_settings(StateSettings)
    assert settings.database_url == "postgresql://localhost/menagerie"
    assert settings.bundles == Path("/srv/bundles")


def test_what_goes_with_bundles_at_a_url_lies_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENAGERIE_BUNDLES", "s3://animals/bundles/")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache")
    settings = load_settings(StateSettings)
    assert settings.bundles == RemoteFile("s3://animals/bundles")
    assert str(settings.reports) == "s3://animals/reports"
    assert settings.cache == Path("/var/cache/menagerie")


def test_a_url_with_a_password_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENAGERIE_BUNDLES", "s3://AKIA:secret@animals/bundles")
    with pytest.raises(SettingsError, match=r"^MENAGERIE_BUNDLES=[^;]*holds credentials[^;]*$") as refused:
        load_settings(StateSettings)
    assert "secret" not in str(refused.value)


def test_every_wrong_variable_is_named_with_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENAGERIE_PORT", "eighty")
    monkeypatch.setenv("TRACKING", "often")
    with pytest.raises(SettingsError) as refused:
        load_settings(Kitchen)
    first, second = str(refused.value).split("; ")
    assert first.startswith("MENAGERIE_PORT='eighty': ")
    assert second.startswith("TRACKING='often': ")


def test_a_list_that_is_no_json_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENAGERIE_NAMES", "[broken")
    with pytest.raises(SettingsError, match="names"):
        load_settings(Kitchen)
