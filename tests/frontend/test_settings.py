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
