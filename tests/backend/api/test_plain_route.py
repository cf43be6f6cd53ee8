"""The quick way to an answer is the usual one's equal."""

from fastapi.testclient import TestClient

from tests.drawing import picture

VARYING = "prediction_id"


def test_an_answer_is_the_same_with_a_query_and_without(client: TestClient) -> None:
    answers = [client.post(f"/predict{query}", files={"file": picture("red")}) for query in ("", "?top_k=5")]
    assert [answer.status_code for answer in answers] == [200, 200]
    quick, usual = (answer.json() for answer in answers)
    assert quick.pop(VARYING) != usual.pop(VARYING)
    assert list(quick) == list(usual)
    assert quick == usual
    assert len({answer.headers["content-type"] for answer in answers}) == 1


def test_queries_are_validated_as_ever(client: TestClient) -> None:
    def ask(query: str) -> tuple[int, str | None]:
        answer = client.post(f"/predict?{query}", files={"file": picture("red")})
        return answer.status_code, answer.json().get("code")

    assert ask("top_k=0") == (422, "invalid_request")
    assert ask("top_k=many") == (422, "invalid_request")
    assert ask("other=1") == (200, None)


def test_nothing_but_a_picture_is_refused_without_a_query_too(client: TestClient) -> None:
    for query in ("", "?top_k=5"):
        answer = client.post(f"/predict{query}", files={"other": b"no picture"})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_the_query_is_documented(client: TestClient) -> None:
    asked = client.get("/openapi.json").json()["paths"]["/predict"]["post"]
    assert [parameter["name"] for parameter in asked["parameters"]] == ["top_k"]
    assert asked["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith(
        "PredictionOut"
    )
