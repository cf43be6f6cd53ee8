"""Settings come from the environment, and a wrong one is named with its value."""

from pathlib import Path

import pytest
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url

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


def test_a_secret_may_stand_in_a_file_and_a_variable_comes_before_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MENAGERIE_SECRETS", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "database_url").write_text("postgresql://here/animals\n")
    assert load_settings(StateSettings).database_url == "postgresql://here/animals"
    monkeypatch.setenv("DATABASE_URL", "postgresql://there/animals")
    assert load_settings(StateSettings).database_url == "postgresql://there/animals"


@pytest.mark.parametrize(
    ("url", "with_it"),
    [
        (
            "postgresql://me@db:5433/pets?sslmode=require",
            "postgresql://me:a%2F%20b%40@db:5433/pets?sslmode=require",
        ),
        ("postgresql+psycopg://me@/pets?host=/run", "postgresql+psycopg://me:a%2F%20b%40@/pets?host=/run"),
        ("postgresql://me:mine@db/pets", "postgresql://me:mine@db/pets"),
        ("sqlite:////state/images.db", "sqlite:////state/images.db"),
    ],
)
def test_the_password_of_a_file_is_put_into_a_url_that_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, with_it: str
) -> None:
    monkeypatch.setenv("MENAGERIE_SECRETS", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", url)
    (tmp_path / "database_password").write_text("a/ b@\n")
    settings = load_settings(StateSettings)
    assert settings.database_url == with_it
    assert make_url(with_it).password in ("a/ b@", "mine", None)
    assert "a/ b@" not in repr(settings.database_password)


def test_an_empty_secret_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MENAGERIE_SECRETS", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://me@db/pets")
    (tmp_path / "database_password").touch()
    assert load_settings(StateSettings).database_url == "postgresql://me@db/pets"


def test_a_password_without_a_user_is_refused_and_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/pets")
    monkeypatch.setenv("DATABASE_PASSWORD", "hush")
    with pytest.raises(
        SettingsError, match="DATABASE_URL='postgresql://db/pets': it names no user"
    ) as refused:
        load_settings(StateSettings)
    assert "hush" not in str(refused.value)


def test_a_folder_of_secrets_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MENAGERIE_SECRETS", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match=r"MENAGERIE_SECRETS='.*none': there is no such folder"):
        load_settings(StateSettings)
