"""Who may ask: those who show a key in use that allows it."""

import json
import logging
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient

from backend.api import keyring
from backend.api.logs import JsonLines
from backend.api.schemas import Problem
from databases.keys import digest
from tests.backend.api.conftest import Library
from tests.backend.api.guarded import guarded, guarded_app, make_key, revoke, shown
from tests.drawing import picture
from tests.waiting import wait_until


def code_of(response: Any) -> tuple[int, str]:
    """The status and code of a problem."""
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


def post(client: TestClient, **headers: str) -> Any:
    return client.post("/predict", files={"file": picture("red")}, headers=headers)


def test_where_a_key_is_needed_nothing_but_probes_and_documentation_is_had_without(
    small_library: Library,
) -> None:
    with guarded(small_library) as client:
        for path in ("/livez", "/readyz", "/docs", "/openapi.json", "/static-offline-docs/swagger-ui.css"):
            assert client.get(path).status_code == 200, path
        for path in (
            "/labels",
            "/images",
            "/images/1/thumbnail",
            "/models",
            "/metrics",
            "/redoc",
            "/nowhere",
        ):
            refused = client.get(path)
            assert code_of(refused) == (401, "missing_key"), path
            assert refused.headers["www-authenticate"] == "Bearer"
        assert code_of(post(client)) == (401, "missing_key")


def test_a_key_is_shown_in_either_header(small_library: Library) -> None:
    token = make_key(small_library.engine, "robot")
    with guarded(small_library) as client:
        for name, value in (
            ("X-API-Key", token),
            ("Authorization", f"Bearer {token}"),
            ("authorization", f"bearer  {token}"),
        ):
            assert post(client, **{name: value}).json()["label"] == "red"
        both = {"x-api-key": token, "authorization": "Basic bWU6bWU="}  # the latter a gateway's
        assert client.get("/labels", headers=both).status_code == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x-api-key": "mng_nonsense"}, "invalid_key"),
        ({"authorization": "Bearer mng_nonsense"}, "invalid_key"),
        ({"x-api-key": "\xe9\xff"}, "invalid_key"),
        ({"x-api-key": ""}, "missing_key"),
        ({"authorization": "Bearer "}, "missing_key"),
        ({"authorization": "Basic bWU6bWU="}, "missing_key"),
    ],
)
def test_what_is_no_key_in_use_is_refused(small_library: Library, headers: dict[str, str], code: str) -> None:
    make_key(small_library.engine, "robot")
    with guarded(small_library) as client:
        sent = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        refused = client.get("/labels", headers=sent)
        assert code_of(refused) == (401, code)
        assert refused.headers["www-authenticate"] == "Bearer"


def test_a_hash_from_the_database_opens_nothing(small_library: Library) -> None:
    token = make_key(small_library.engine, "robot")
    with guarded(small_library) as client:
        assert code_of(client.get("/labels", headers=shown(digest(token)))) == (401, "invalid_key")


def test_a_key_opens_what_its_scopes_allow_and_admin_all(small_library: Library) -> None:
    asked = [("GET", "/labels"), ("GET", "/models"), ("POST", "/decisions"), ("POST", "/models/x/promote")]
    opened = {
        "predict": [True, True, False, False],
        "review": [True, True, True, False],
        "admin": [True, True, True, True],
    }
    tokens = {scope: make_key(small_library.engine, f"the-{scope}", scope) for scope in opened}
    with guarded(small_library) as client:
        for scope, expected in opened.items():
            answers = [client.request(*what, headers=shown(tokens[scope])) for what in asked]
            assert [answer.status_code != 403 for answer in answers] == expected, scope
        refused = client.post("/models/x/promote", headers=shown(tokens["predict"]))
    assert code_of(refused) == (403, "missing_scope")
    assert "'the-predict' does not have the scope 'admin'" in refused.json()["detail"]
    assert "www-authenticate" not in refused.headers


def test_a_refused_request_is_answered_before_any_byte_of_its_body_is_read(small_library: Library) -> None:
    token = make_key(small_library.engine, "robot")
    app = guarded_app(small_library)
    for path, shows, status in (
        ("/predict", None, 401),
        ("/predict", "mng_nonsense", 401),
        ("/decisions", token, 403),
        ("/nowhere", None, 401),
    ):
        assert answered_unread(app, path, shows) == status
    app.state.succession.service.close()


def answered_unread(app: Any, path: str, token: str | None) -> int:
    """The status of what a form is answered of which nothing may be read."""
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("the body was asked for")

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"multipart/form-data; boundary=b"), (b"content-length", b"9000")]
    if token is not None:
        headers.append((b"x-api-key", token.encode()))
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": headers,
        "client": ("192.0.2.7", 50_000),
    }
    anyio.run(app, scope, receive, send)
    return int(sent[0]["status"])


def test_a_new_key_opens_and_a_revoked_one_does_not_while_the_service_runs(small_library: Library) -> None:
    other = make_key(small_library.engine, "other")
    with guarded(small_library) as client:
        token = make_key(small_library.engine, "robot")
        wait_until(lambda: client.get("/labels", headers=shown(token)).status_code == 200)
        assert post(client, **shown(token)).json()["label"] == "red"
        revoke(small_library.engine, "robot")
        wait_until(lambda: client.get("/labels", headers=shown(token)).status_code != 200)
        assert code_of(post(client, **shown(token))) == (401, "invalid_key")
        assert client.get("/labels", headers=shown(other)).status_code == 200


def test_while_the_database_fails_the_keys_known_last_open(
    small_library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    token = make_key(small_library.engine, "robot")
    keys_in_use = keyring.Keyring(small_library.engine)
    with small_library.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE api_keys RENAME TO gone")
    for _ in range(3):
        keys_in_use.read()
        key = keys_in_use.find(token)
        assert key is not None
        assert key.name == "robot"
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "the keys known last are used, revoked or not"
    ]
    with small_library.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO api_keys")
    revoke(small_library.engine, "robot")
    keys_in_use.read()
    assert keys_in_use.find(token) is None


def test_a_request_does_not_wait_for_the_database_to_know_its_key(
    small_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = make_key(small_library.engine, "robot")
    app = guarded_app(small_library)

    def fail(*_: object) -> None:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(keyring, "active_keys", fail)
    with TestClient(app) as client:
        assert client.get("/metrics", headers=shown(token)).status_code == 200


def test_a_service_that_wants_keys_and_has_none_starts_and_says_what_to_run(
    small_library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), guarded(small_library) as client:
        assert client.get("/readyz").status_code == 200
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "menagerie keys add NAME; with containers: docker compose exec api" in record.getMessage()
    make_key(small_library.engine, "robot")
    caplog.clear()
    with caplog.at_level(logging.WARNING), guarded(small_library):
        assert caplog.records == []


def test_where_no_key_is_needed_none_is_looked_at(
    client: TestClient, small_library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    assert post(client).status_code == 200
    assert post(client, **shown("mng_nonsense")).status_code == 200
    with guarded(small_library, host="0.0.0.0", auth="off") as open_to_all:
        assert post(open_to_all).status_code == 200
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_the_log_tells_whose_key_it_was_and_never_the_key(
    small_library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    token = make_key(small_library.engine, "robot")
    wrong = "mng_" + token[:3:-1]
    with caplog.at_level(logging.DEBUG), guarded(small_library, log_level="debug") as client:
        assert client.get(f"/labels?key={token}", headers=shown(token)).status_code == 200
        client.post("/decisions", headers={"authorization": f"Bearer {token}"})
        client.get("/labels", headers=shown(wrong))
        client.get("/livez", headers=shown(token))
    lines = [json.loads(JsonLines().format(r)) for r in caplog.records if r.name == "backend.api.access"]
    assert [(line["status"], line.get("key")) for line in lines] == [
        (200, "robot"),
        (403, "robot"),
        (401, None),
        (200, None),
    ]
    assert lines[0]["message"].endswith(", key robot")
    ours = [record for record in caplog.records if not record.name.startswith("http")]  # not the client's
    told = json.dumps([json.loads(JsonLines().format(record)) for record in ours])
    for secret in (token, wrong):
        assert secret not in told


def test_a_browser_may_ask_before_it_sends_a_key_if_its_website_is_named(small_library: Library) -> None:
    origin = "https://a.example"
    asked = {"origin": origin, "access-control-request-method": "POST"}
    asked["access-control-request-headers"] = "content-type,x-api-key,authorization"
    with guarded(small_library, cors_origins=(origin,)) as client:
        allowed = client.options("/predict", headers=asked)
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == origin
        assert allowed.headers["access-control-allow-methods"] == "GET, POST"
        for name, value in (
            ("origin", "https://b.example"),
            ("access-control-request-method", "DELETE"),
            ("access-control-request-headers", "x-other"),
        ):
            assert client.options("/predict", headers=asked | {name: value}).status_code == 400
        refused = client.get("/labels", headers={"origin": origin})
        assert code_of(refused) == (401, "missing_key")
        assert refused.headers["access-control-allow-origin"] == origin  # so that a page can read why
        assert code_of(client.options("/labels", headers={"origin": origin})) == (401, "missing_key")


def test_no_website_may_ask_unless_it_is_named(small_library: Library) -> None:
    asked = {"origin": "https://a.example", "access-control-request-method": "GET"}
    with guarded(small_library) as client:
        refused = client.options("/labels", headers=asked)
    assert code_of(refused) == (401, "missing_key")
    assert not [name for name in refused.headers if name.startswith("access-control")]


def test_the_documentation_says_which_path_needs_a_key_and_how_it_refuses(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    assert set(schema["components"]["securitySchemes"]) == {"key", "bearer"}
    either: list[dict[str, list[str]]] = [{"key": []}, {"bearer": []}]
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            probe = path in ("/livez", "/readyz")
            assert operation.get("security") == (None if probe else either), path
            refusals = {"401", "429"} if path == "/me" else {"401", "403", "429"}
            assert (refusals <= set(operation["responses"])) is not probe, path
    examples = {
        code: example["value"]
        for status in ("401", "403", "429")
        for content in schema["paths"]["/predict"]["post"]["responses"][status]["content"].values()
        for code, example in content["examples"].items()
    }
    assert set(examples) == {"missing_key", "invalid_key", "missing_scope", "rate_limited"}
    for code, example in examples.items():
        assert Problem.model_validate(example).model_dump(mode="json") == example
        assert example["code"] == code
    assert client.get("/openapi.json").json() == schema
