"""Who asks may learn what they are allowed to."""

from fastapi.testclient import TestClient

from tests.backend.api.conftest import Library
from tests.backend.api.guarded import guarded, make_key, shown


def test_without_keys_everybody_may_do_everything(client: TestClient) -> None:
    assert client.get("/me").json() == {
        "auth": False,
        "name": None,
        "scopes": ["predict", "review", "admin"],
    }


def test_a_key_learns_its_name_and_scopes_whatever_they_are(small_library: Library) -> None:
    token = make_key(small_library.engine, "anna", "review")
    with guarded(small_library) as client:
        assert client.get("/me", headers=shown(token)).json() == {
            "auth": True,
            "name": "anna",
            "scopes": ["review"],
        }
        assert client.get("/me").json()["code"] == "missing_key"
        assert client.get("/me", headers=shown("mng_none")).json()["code"] == "invalid_key"
