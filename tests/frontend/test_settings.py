from pathlib import Path

import pytest

from frontend.settings import SettingsError, load_settings


def test_the_api_is_on_this_machine_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MENAGERIE_API_URL", raising=False)
    assert str(load_settings().api_url) == "http://127.0.0.1:8000/"


@pytest.mark.parametrize("value", ["api:8000", "ftp://api", ""])
def test_a_wrong_address_names_the_variable_and_the_value(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("MENAGERIE_API_URL", value)
    with pytest.raises(SettingsError, match=f"MENAGERIE_API_URL={value!r}: "):
        load_settings()


@pytest.mark.parametrize("value", ["ftp://page:s3cret@api", "page:s3cret@api:8000", "//page:s3/cret@api"])
def test_a_password_in_a_wrong_address_is_not_told(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MENAGERIE_API_URL", value)
    with pytest.raises(SettingsError, match=r"MENAGERIE_API_URL='\.\.\.@api.*': ") as refused:
        load_settings()
    assert "cret" not in str(refused.value)


@pytest.mark.parametrize("value", ["0", "-1", "inf", "nan", "an hour"])
def test_a_batch_is_kept_for_some_time_at_least(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MENAGERIE_BATCH_KEPT_SECONDS", value)
    with pytest.raises(SettingsError, match="MENAGERIE_BATCH_KEPT_SECONDS="):
        load_settings()


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "a disk"])
def test_batches_are_kept_room_for(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MENAGERIE_BATCH_KEPT_BYTES", value)
    with pytest.raises(SettingsError, match="MENAGERIE_BATCH_KEPT_BYTES="):
        load_settings()


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_an_empty_key_is_none(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MENAGERIE_API_KEY", value)
    assert load_settings().api_key.get_secret_value() == ""


def test_a_key_is_taken_without_what_its_file_ends_with_and_never_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MENAGERIE_API_KEY", "mng_secret\n")
    settings = load_settings()
    assert settings.api_key.get_secret_value() == "mng_secret"
    assert "secret" not in repr(settings)


@pytest.mark.parametrize("value", ["mng_my secret", "mng_sécret"])
def test_a_key_that_no_header_can_hold_is_refused_and_not_told(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("MENAGERIE_API_KEY", value)
    with pytest.raises(SettingsError, match=r"^MENAGERIE_API_KEY: a key holds no spaces") as refused:
        load_settings()
    assert "cret" not in str(refused.value)


def test_the_key_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MENAGERIE_API_KEY", raising=False)
    monkeypatch.setenv("MENAGERIE_SECRETS", str(tmp_path))
    assert load_settings().api_key.get_secret_value() == ""
    (tmp_path / "menagerie_api_key").write_text("mng_secret\n")
    assert load_settings().api_key.get_secret_value() == "mng_secret"
    monkeypatch.setenv("MENAGERIE_SECRETS", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match=r"MENAGERIE_SECRETS='.*none': there is no such folder"):
        load_settings()
