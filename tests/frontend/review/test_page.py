"""The Review page on Streamlit's test bench; what its component would say in a browser is said here."""

import json
from typing import Any

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from frontend.signing import KEPT_NAME
from tests.frontend.at_the_page import OpenPage, command, words
from tests.frontend.review.queue_stand_in import QueueStandIn, waiting
from tests.frontend.stand_in import StandIn


@pytest.fixture
def page(open_page: OpenPage, queue: QueueStandIn) -> AppTest:
    """Not run yet; the visitor has said their name."""
    del queue
    page = open_page("review")
    page.session_state[KEPT_NAME] = "Ann"
    return page


def board(page: AppTest) -> Any:
    """What the component in the browser was told."""
    proto = page.get("bidi_component")[0].proto
    return json.loads(proto.json or proto.mixed.json)


def say(page: AppTest, *commands: dict[str, object], have: tuple[int, ...] = ()) -> AppTest:
    """What the component says: commands, and which pictures it has."""
    states = page._tree.get_widget_states()
    said = {"said": {"have": have, "commands": commands}}
    states.widgets.append(WidgetState(id=page.get("bidi_component")[0].proto.id, json_value=json.dumps(said)))
    return page._run(states)


def shown(page: AppTest) -> list[int]:
    return [card["id"] for card in board(page)["cards"]]


def test_a_picture_says_why_it_waits_and_offers_labels_by_number(page: AppTest, queue: QueueStandIn) -> None:
    said = [{"label": "puma", "comment": "No mane", "by": "Bob", "at": None}]
    queue.items = [waiting(1, reasons=["reported", "disagrees"], agreement=0.7, said=said, split="test")]
    [card] = board(page.run())["cards"]
    assert card["why"] == [
        "Bob says: puma. “No mane”",
        "The model says tiger, 87 % sure. Of the pictures nearest to it, 70 % say tiger.",
    ]
    assert card["names"] == ["tiger", "lion", "puma"]
    assert card["reasons"] == ["Reported wrong", "Model disagrees"]
    assert card["measures"]


def test_counts_stand_at_the_reasons_and_one_can_be_chosen(page: AppTest, queue: QueueStandIn) -> None:
    queue.items = [waiting(1), waiting(2, reasons=["unsure"])]
    page.run()
    assert "Model not sure · 1" in page.pills[0].options
    assert "Model or neighbours disagree · 1" in page.pills[0].options
    page.pills[0].set_value("unsure")
    assert shown(page.run()) == [2]


def test_what_the_browser_says_twice_is_done_once(page: AppTest, queue: QueueStandIn) -> None:
    queue.items = [waiting(1), waiting(2)]
    page.run()
    command = {"seq": 1, "do": "give", "ids": [1], "label": " puma "}
    say(page, command)
    say(page, command, {"seq": 2, "do": "exclude", "ids": [2]})
    assert [(one["image_id"], one["label"], one["by"]) for one in queue.decided] == [
        (1, "puma", "Ann"),
        (2, None, "Ann"),
    ]
    assert board(page)["heard"] == 2
    assert board(page)["undo"] == "2.jpg left out."
    say(page, {"seq": 3, "do": "undo"})
    assert shown(page) == [2]


def test_a_label_that_is_too_long_is_not_cut_but_refused_in_words(
    page: AppTest, queue: QueueStandIn, api: StandIn
) -> None:
    queue.items = [waiting(1)]
    page.run()
    api.refuse("/decisions", 422, "invalid_label", "use 1 to 200 characters")
    long = 300 * "a"
    say(page, {"seq": 1, "do": "give", "ids": [1], "label": long})
    sent = next(one.body for one in api.asked if (one.method, one.path) == ("POST", "/decisions"))
    assert sent is not None
    assert sent["label"] == long
    assert board(page)["wrong"][0] == "This cannot be a label here"
    assert board(page)["wrong"][2] == "use 1 to 200 characters"
    assert shown(page) == [1]
    assert long not in board(page)["labels"]


def test_a_picture_that_the_browser_has_is_not_sent_again(page: AppTest, queue: QueueStandIn) -> None:
    queue.items = [waiting(1), waiting(2)]
    assert set(board(page.run())["pictures"]) == {"1", "2"}
    assert set(board(say(page, have=(1,)))["pictures"]) == {"2"}


def test_nonsense_from_the_browser_changes_nothing(page: AppTest, queue: QueueStandIn) -> None:
    queue.items = [waiting(1)]
    page.run()
    say(page, {"seq": "x", "do": "format"})
    assert not page.exception
    say(page, {"seq": 1, "do": "exclude", "ids": [77]}, {"seq": 2, "do": "give", "ids": [1], "label": "  "})
    assert not queue.decided
    assert shown(page) == [1]


def test_a_refused_decision_is_told_over_the_pictures(
    api: StandIn, page: AppTest, queue: QueueStandIn
) -> None:
    queue.items = [waiting(1)]
    page.run()
    api.refuse("/decisions", 404, "not_found", "the library has no picture 1")
    say(page, {"seq": 1, "do": "confirm", "ids": [1]})
    title, _, detail = board(page)["wrong"]
    assert title == "One of these pictures is no longer there"
    assert detail == "the library has no picture 1"


def test_a_decision_that_somebody_made_meanwhile_is_told_until_the_next_one(
    page: AppTest, queue: QueueStandIn
) -> None:
    queue.items = [waiting(1), waiting(2), waiting(3)]
    page.run()
    queue.decide(1, kind="exclude", label=None, by="Bob")
    first = {"seq": 1, "do": "confirm", "ids": [1]}
    say(page, first)
    title, text, _ = board(page)["wrong"]
    assert title == "Decided meanwhile"
    assert text.startswith("1.jpg is left out, decided by Bob.")
    assert shown(page) == [2, 3]
    say(page, first, {"seq": 2, "do": "confirm", "ids": [2]})
    assert board(page)["wrong"] == []


def test_an_empty_queue_says_that_all_is_done_and_where_more_comes_from(page: AppTest) -> None:
    said = words(page.run())
    assert "Nothing waits for you" in said
    assert command("menagerie check --task animals") in said
    page.pills[0].set_value("suspect")
    assert "Choose another reason" in words(page.run())


def test_an_empty_library_is_said_before_anybody_is_asked_who_they_are(page: AppTest, api: StandIn) -> None:
    api.known, api.labels = api.labels, []
    del page.session_state[KEPT_NAME]
    said = words(page.run())
    assert "Nothing in the library yet" in said
    assert "menagerie ingest FOLDER" in said
    assert not page.text_input
    api.labels = ["lion"]
    assert "Who is deciding?" in words(page.run())


def test_another_part_of_the_queue_is_told_to_the_board(page: AppTest, queue: QueueStandIn) -> None:
    queue.items = [waiting(1), waiting(2)]
    part = board(page.run())["part"]
    page.pills[0].set_value("disagrees")
    assert board(page.run())["part"] != part


def test_pictures_that_no_model_looked_at_are_told_with_the_command_that_has_it_look(
    page: AppTest, queue: QueueStandIn
) -> None:
    queue.unanswered = 3
    said = words(page.run())
    assert "3 pictures" in said
    assert command("menagerie index --task animals") in said.partition("Nothing waits")[0]


def test_decisions_are_listed_with_who_made_them_and_can_be_taken_back(
    page: AppTest, queue: QueueStandIn
) -> None:
    queue.decide(1, by="<b>Eve</b>")
    queue.decide(2, kind="exclude", label=None, by=None)
    said = words(page.run())
    assert "1.jpg is tiger" in said
    assert "&lt;b&gt;Eve" in said
    assert "2.jpg is left out" in said
    page.button(key="undo-1").click()
    assert "taken back" in words(page.run())
    assert queue.decided[0]["undone_at"]


def test_decisions_since_the_model_was_made_wait_for_the_next_training(
    page: AppTest, queue: QueueStandIn
) -> None:
    queue.decide(1, made_at="2026-10-01T00:00:00Z")
    assert "learnt from all decisions" in words(page.run())
    queue.decide(2)
    queue.decide(3, undone_at="2026-11-21T00:00:00Z")
    said = words(page.run())
    assert "1 decision waits" in said
    assert "menagerie train" in said


def test_a_service_that_does_not_answer_is_said_with_what_to_do(api: StandIn, page: AppTest) -> None:
    api.refuse("/review/queue", 503, "database_unavailable")
    assert "The service could not answer" in words(page.run())
    assert page.button(key="failure-again")


def test_a_picture_can_be_looked_at_large(page: AppTest, api: StandIn, queue: QueueStandIn) -> None:
    queue.items = [waiting(1)]
    page.run()
    api.more[("GET", "/images/1/content")] = lambda _: api.thumbnail
    say(page, {"seq": 1, "do": "look", "ids": [1]})
    assert len(page.image) == 1
    assert "lion · 1.jpg" in page.text[0].value
