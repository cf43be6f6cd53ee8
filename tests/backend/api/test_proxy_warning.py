"""A proxy in front of a service that wants no key is told of."""

import pytest

from tests.backend.api.conftest import Library
from tests.backend.api.guarded import guarded


def told(caplog: pytest.LogCaptureFixture) -> int:
    return caplog.text.count("came through a proxy")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_a_proxy_before_a_service_without_keys_is_told_of_once(
    small_library: Library, caplog: pytest.LogCaptureFixture, header: str
) -> None:
    with guarded(small_library, auth="auto") as client:
        client.get("/labels")
        assert not told(caplog)
        for _ in range(2):
            assert client.get("/labels", headers={header: "for=192.0.2.7"}).status_code == 200
    assert told(caplog) == 1


def test_nothing_is_told_where_a_key_is_needed(
    small_library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    with guarded(small_library) as client:
        client.get("/labels", headers={"X-Forwarded-For": "192.0.2.7"})
    assert not told(caplog)
