"""Whether a key is needed, and whose pages may ask: as it is set, and where the service can be reached."""

import pytest

from backend.api.guard import is_key_needed
from backend.api.reach import is_loopback
from backend.api.settings import Settings
from databases.settings import SettingsError, load_settings

HERE = ["127.0.0.1", "127.8.9.10", "::1", "[::1]", "localhost", "LOCALHOST"]
ELSEWHERE = ["0.0.0.0", "::", "[::]", "", "192.168.1.7", "10.0.0.1", "api", "localhost.example.com", "127.1"]


@pytest.mark.parametrize("host", HERE)
def test_only_this_machine_reaches_a_loopback_address(host: str) -> None:
    assert is_loopback(host)
    assert not is_key_needed(Settings(host=host))


@pytest.mark.parametrize("host", ELSEWHERE)
def test_others_may_reach_any_other_address(host: str) -> None:
    assert not is_loopback(host)
    assert is_key_needed(Settings(host=host))


@pytest.mark.parametrize(
    ("host", "published", "needed"),
    [
        ("0.0.0.0", "127.0.0.1", False),
        ("0.0.0.0", "[::1]", False),
        ("0.0.0.0", "0.0.0.0", True),
        ("127.0.0.1", "192.168.1.7", True),
        ("0.0.0.0", "", True),
        ("127.0.0.1", "", False),
    ],
)
def test_where_a_container_is_published_decides(host: str, published: str, needed: bool) -> None:
    assert is_key_needed(Settings(host=host, published=published)) is needed


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_what_is_said_outright_holds_everywhere(host: str) -> None:
    assert is_key_needed(Settings(host=host, auth="on"))
    assert not is_key_needed(Settings(host=host, auth="off"))


def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(Settings).cors_origins == ()
    monkeypatch.setenv("MENAGERIE_CORS_ORIGINS", " https://a.example, http://localhost:3000 ,")
    assert load_settings(Settings).cors_origins == ("https://a.example", "http://localhost:3000")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("AUTH", "maybe", "MENAGERIE_AUTH='maybe': "),
        ("RATE_LIMIT", "0", "MENAGERIE_RATE_LIMIT='0': "),
        ("WORKERS", "0", "MENAGERIE_WORKERS='0': "),
        ("CORS_ORIGINS", "a.example", "MENAGERIE_CORS_ORIGINS='a.example': 'a.example' is no origin"),
        ("CORS_ORIGINS", "*,https://a.example/", "'https://a.example/' is no origin: say such as"),
        ("CORS_ORIGINS", "https://A.example", "'https://A.example' is no origin"),
        ("CORS_ORIGINS", "ftp://a.example", "'ftp://a.example' is no origin"),
        ("CORS_ORIGINS", "https://", "'https://' is no origin"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(f"MENAGERIE_{name}", value)
    with pytest.raises(SettingsError) as refused:
        load_settings(Settings)
    assert told in str(refused.value)
