from collections.abc import Iterator

import pytest

from frontend.answering import calls
from frontend.answering.calls import Wanted, Word
from frontend.client import Api
from frontend.picture import Picture
from tests.frontend.stand_in import Json, StandIn

UPLOAD = Picture("a.jpg", b"upload")
KNOWN = Picture("a.jpg", b"upload", image_id=4)
BOX: Json = {"left": 0, "top": 0.1, "right": 1, "bottom": 0.9}
HEAT: Json = {"label": "lion", "heat": [[0.0, 1.0]], "box": BOX}


@pytest.fixture
def client(api: StandIn) -> Iterator[Api]:
    client = Api(api.url)
    yield client
    client.close()


def reports(api: StandIn) -> None:
    api.more["POST", "/feedback"] = lambda _asked: {"id": 1, "image_id": 9}


def test_pictures_like_an_upload_are_asked_for_by_its_bytes(api: StandIn, client: Api) -> None:
    api.labels = ["lion", "tiger"]
    assert [item.image.id for item in calls.similar(client, UPLOAD, Wanted("tiger")).items] == [2]
    assert api.last("/similar").fields == {"file": b"upload", "label": "tiger", "k": "12"}


def test_pictures_like_one_of_the_library_are_asked_for_by_its_id(api: StandIn, client: Api) -> None:
    calls.similar(client, KNOWN, Wanted("tiger", varied=True))
    asked = {"image_id": "4", "label": "tiger", "k": "12", "diversity": "0.3"}
    assert api.last("/similar").fields == asked


def test_an_explanation_is_asked_for_a_label(api: StandIn, client: Api) -> None:
    api.more["POST", "/explain"] = lambda _asked: HEAT
    explanation = calls.explain(client, UPLOAD, "lion")
    assert (explanation.heat, explanation.box.bottom) == (((0.0, 1.0),), 0.9)
    assert api.last("/explain").fields == {"label": "lion", "file": b"upload"}
    calls.explain(client, KNOWN, "lion")
    assert api.last("/explain").fields == {"label": "lion", "image_id": "4"}


def test_a_report_without_the_picture_is_json_of_what_was_said(api: StandIn, client: Api) -> None:
    reports(api)
    calls.report(client, Word("p1", correct=False, label="lion"), None)
    assert api.last("/feedback").body == {"prediction_id": "p1", "correct": False, "label": "lion"}


def test_a_report_with_the_picture_is_a_form(api: StandIn, client: Api) -> None:
    reports(api)
    assert calls.report(client, Word("p1", correct=True, comment="mine"), UPLOAD).image_id == 9
    sent = {"prediction_id": "p1", "correct": "true", "comment": "mine", "file": b"upload"}
    assert api.last("/feedback").fields == sent
