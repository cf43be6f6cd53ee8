import socket
from collections.abc import Iterator

import httpx
import pytest

from frontend.client import Api, ApiError
from frontend.picture import Picture
from tests.frontend.stand_in import StandIn

UPLOAD = Picture("a.jpg", b"upload")


@pytest.fixture
def client(api: StandIn) -> Iterator[Api]:
    client = Api(api.url)
    yield client
    client.close()


def code_of(error: pytest.ExceptionInfo[ApiError]) -> str:
    return error.value.code


def test_a_prediction_sends_the_file_and_asks_for_five_labels(api: StandIn, client: Api) -> None:
    prediction = client.predict(UPLOAD)
    assert (prediction.label, prediction.model.version) == ("tiger", "animals-7")
    assert api.last("/predict").fields == {"file": b"upload", "top_k": "5"}


def test_a_picture_of_the_library_comes_with_its_id_and_its_bytes(api: StandIn, client: Api) -> None:
    api.labels = ["lion", "tiger"]
    second = client.images(2).items[1]
    assert client.picture(second) == Picture("tiger-2.jpg", b"file 2", 2)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (415, "truncated_image"),
        (413, "too_many_bytes"),
        (404, "not_found"),
        (503, "not_ready"),
        (500, "internal_error"),
    ],
)
def test_a_refusal_keeps_the_codes_and_words_of_the_api(
    api: StandIn, client: Api, status: int, code: str
) -> None:
    api.refuse("/predict", status, code, "cut short")
    with pytest.raises(ApiError, match=f"{code}: cut short") as error:
        client.predict(UPLOAD)
    assert code_of(error) == code


@pytest.mark.parametrize(
    "answer", [(502, b"<h1>Bad Gateway</h1>"), (200, b"{}"), (307, b""), (200, b"not json")]
)
def test_an_answer_that_is_not_the_apis_is_unexpected(
    api: StandIn, client: Api, answer: tuple[int, bytes]
) -> None:
    api.broken["/predict"] = answer
    with pytest.raises(ApiError, match="/predict") as error:
        client.predict(UPLOAD)
    assert code_of(error) == "unexpected_answer"


def test_what_a_gateway_does_not_let_through_is_too_large(api: StandIn, client: Api) -> None:
    api.broken["/predict"] = (413, b"<h1>Request Entity Too Large</h1>")
    with pytest.raises(ApiError) as error:
        client.predict(UPLOAD)
    assert code_of(error) == "too_many_bytes"


def test_its_key_is_shown_with_every_request_and_none_where_it_has_none(api: StandIn, client: Api) -> None:
    client.predict(UPLOAD)
    with_key = Api(api.url, "mng_secret")
    with_key.predict(UPLOAD)
    with_key.readiness()
    with_key.close()
    assert [asked.key for asked in api.asked] == [None, "mng_secret", "mng_secret"]


def test_nobody_listening_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    client = Api(url.replace("//", "//page:s3cret@"))
    with pytest.raises(ApiError, match=url) as error:
        client.readiness()
    client.close()
    assert code_of(error) == "unreachable"
    assert "s3cret" not in str(error.value)


def test_a_pool_that_was_closed_meanwhile_is_unreachable(api: StandIn) -> None:
    client = Api(api.url)
    client.readiness()
    client.close()
    with pytest.raises(ApiError) as error:
        client.readiness()
    assert code_of(error) == "unreachable"


def test_silence_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontend.client.QUICK", httpx.Timeout(0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Api(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(ApiError) as error:
            client.readiness()
        client.close()
    assert code_of(error) == "timeout"
