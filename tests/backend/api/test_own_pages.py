"""Where nobody needs a key, no other website that is open in a browser here may have something done, nor pass
for the service."""

import pytest
from fastapi.testclient import TestClient

from tests.backend.api.conftest import Library
from tests.backend.api.guarded import guarded, make_key, shown

PATHS = ("/models/rollback", "/feedback", "/predict")
HERE, OTHER = "http://testserver", "https://a.example"


def answer_to(client: TestClient, headers: dict[str, str]) -> set[tuple[int, str]]:
    """The statuses and codes of requests that want something done, as a plain form of a page sends them."""
    told = [client.post(path, data={"by": "somebody"}, headers=headers) for path in PATHS]
    return {(response.status_code, response.json()["code"]) for response in told}


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": OTHER},
        {"sec-fetch-site": "same-site", "origin": "http://testserver:3000"},
        {"sec-fetch-site": "cross-site"},
        {"origin": OTHER},
        {"origin": "http://testserver:3000"},
        {"origin": "http://["},
        {"origin": "null"},
    ],
)
def test_what_a_page_of_another_website_asks_is_not_done(client: TestClient, headers: dict[str, str]) -> None:
    assert answer_to(client, headers) == {(403, "other_website")}
    assert client.get("/labels", headers=headers).status_code == 200  # which it cannot read


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin", "origin": HERE},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "same-origin", "origin": "https://behind.a.proxy"},
        {"origin": HERE},
    ],
)
def test_its_own_pages_and_other_programs_may(client: TestClient, headers: dict[str, str]) -> None:
    assert "other_website" not in {code for _, code in answer_to(client, headers)}


@pytest.mark.parametrize("named", [OTHER, "*"])
def test_a_website_that_is_named_may(small_library: Library, named: str) -> None:
    headers = {"sec-fetch-site": "cross-site", "origin": OTHER}
    with guarded(small_library, auth="off", cors_origins=(named,)) as client:
        assert "other_website" not in {code for _, code in answer_to(client, headers)}


def test_where_a_key_is_needed_it_is_the_key_that_counts(small_library: Library) -> None:
    headers = {"sec-fetch-site": "cross-site", "origin": OTHER}
    token = make_key(small_library.engine, "anna", "admin")
    with guarded(small_library) as client:
        assert answer_to(client, headers) == {(401, "missing_key")}
        assert "other_website" not in {code for _, code in answer_to(client, headers | shown(token))}


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "EVIL.EXAMPLE.", "127.0.0.1.evil.example", "a.b:c:d", 301 * "a"],
)
def test_a_name_that_others_may_lead_here_is_not_answered(client: TestClient, host: str) -> None:
    refused = client.get("/labels", headers={"host": host})
    assert (refused.status_code, refused.json()["code"]) == (421, "other_host")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LOCALHOST.",
        "127.0.0.1:8000",
        "[::1]:8000",
        "[::1]",
        "api:8000",
        "a.localhost",
    ],
)
def test_this_machines_own_names_and_addresses_are(client: TestClient, host: str) -> None:
    assert client.get("/labels", headers={"host": host}).status_code == 200


def test_whoever_wants_no_keys_may_have_any_name(small_library: Library) -> None:
    with guarded(small_library, auth="off") as client:
        assert client.get("/labels", headers={"host": "animals.example"}).status_code == 200
