"""What happens on the desk when somebody decides."""

from collections.abc import Iterator

import pytest

from frontend.client import Api, ApiError
from frontend.review.cards import card
from frontend.review.desk import READY, Desk
from frontend.signing import Visitor
from tests.frontend.review.queue_stand_in import QueueStandIn, waiting
from tests.frontend.stand_in import StandIn


@pytest.fixture
def desk(api: StandIn) -> Iterator[Desk]:
    client = Api(api.url)
    yield Desk(Visitor(client, "Ann"))
    client.close()


def ids(desk: Desk) -> list[int]:
    return [one.id for one in desk.waiting]


def trouble(desk: Desk) -> str | None:
    return None if desk.wrong is None else desk.wrong.code


def decided(api: StandIn) -> list[tuple[object, object, object]]:
    """What was asked of the API to decide: pictures, label, and who."""
    bodies = [one.body for one in api.asked if (one.method, one.path) == ("POST", "/decisions") and one.body]
    return [(body["image_ids"], body["label"], body["by"]) for body in bodies]


def test_enough_is_read_for_the_next_ones_to_lie_ready_and_no_more(queue: QueueStandIn, desk: Desk) -> None:
    queue.items = [waiting(i) for i in range(1, 61)]
    desk.fill()
    assert READY <= len(desk.waiting) < 60
    assert desk.total == 60
    assert all(one.picture for one in desk.waiting)


def test_as_pictures_are_decided_on_the_queue_is_read_to_its_end(queue: QueueStandIn, desk: Desk) -> None:
    queue.items = [waiting(i) for i in range(1, 41)]
    desk.fill()
    seen = []
    while desk.waiting:
        seen += ids(desk)[:5]
        desk.exclude(ids(desk)[:5])
        desk.fill()
    assert seen == list(range(1, 41))
    assert desk.total == 0


def test_look_alikes_lie_side_by_side_and_what_the_model_has_not_seen_keeps_its_place(
    queue: QueueStandIn, desk: Desk
) -> None:
    likeness = [0, 2, None, 1]
    queue.items = [waiting(number, likeness=place) for number, place in enumerate(likeness, 1)]
    desk.fill()
    assert ids(desk) == [1, 4, 3, 2]


def test_a_report_that_the_model_has_not_seen_comes_before_whatever_is_less_urgent(
    queue: QueueStandIn, desk: Desk
) -> None:
    fresh = waiting(1, None, reasons=["reported", "unlabelled"])
    doubts = [waiting(3, likeness=2), waiting(4, likeness=0)]
    queue.items = [fresh, waiting(2, reasons=["reported", "disagrees"], likeness=1), *doubts]
    desk.fill()
    assert ids(desk) == [1, 2, 4, 3]


def test_those_mixed_up_in_the_same_way_lie_side_by_side(queue: QueueStandIn, desk: Desk) -> None:
    queue.items = [waiting(1), waiting(2, "tiger", "lion"), waiting(3), waiting(4, reasons=["suspect"])]
    desk.fill()
    assert ids(desk) == [1, 3, 2, 4]


def test_a_yes_to_several_gives_each_its_own_suggestion(
    api: StandIn, queue: QueueStandIn, desk: Desk
) -> None:
    queue.items = [waiting(1), waiting(2, "tiger", "lion"), waiting(3), waiting(4, None, None)]
    desk.fill()
    desk.confirm([1, 2, 3, 4])
    assert decided(api) == [([1, 3], "tiger", "Ann"), ([2], "lion", "Ann")]
    assert ids(desk) == [4]
    assert desk.told == "3 pictures confirmed."


def test_a_yes_without_a_suggestion_keeps_the_label(api: StandIn, queue: QueueStandIn, desk: Desk) -> None:
    queue.items = [waiting(1, "lion", None)]
    desk.fill()
    desk.confirm([1])
    assert decided(api) == [([1], "lion", "Ann")]


def test_where_only_the_neighbours_disagree_a_yes_to_all_leaves_it_and_their_label_is_at_hand(
    api: StandIn, queue: QueueStandIn, desk: Desk
) -> None:
    nearest = {"label": "horse", "count": 9, "asked": 10}
    queue.items = [waiting(1, "tiger", None, agreement=0.1, nearest=nearest), waiting(2, "lion", "tiger")]
    desk.fill()
    cards = [card(one, ("tiger", "lion", "horse")) for one in desk.waiting]
    assert [one.reasons for one in cards] == [["Its neighbours disagree"], ["Model disagrees"]]
    assert [one.best for one in cards] == [None, "tiger"]
    assert cards[0].names == ["tiger", "horse", "lion"]
    desk.confirm([1, 2])
    assert decided(api) == [([2], "tiger", "Ann")]
    assert ids(desk) == [1]


def test_one_gesture_is_taken_back_whole_and_its_pictures_lie_on_top(queue: QueueStandIn, desk: Desk) -> None:
    queue.items = [waiting(i, "lion", "tiger" if i % 2 else "cat") for i in range(1, 7)]
    desk.fill()
    desk.confirm([3, 4])
    assert (desk.total, desk.counts["disagrees"]) == (4, 4)
    desk.undo()
    assert ids(desk)[:2] == [3, 4]
    assert (desk.total, desk.counts["disagrees"]) == (6, 6)
    assert all(one["undone_at"] for one in queue.decided)
    desk.undo()
    assert desk.wrong is None


def test_what_the_api_refuses_stays_on_the_desk_with_the_reason(
    api: StandIn, queue: QueueStandIn, desk: Desk
) -> None:
    queue.items = [waiting(1), waiting(2)]
    desk.fill()
    api.refuse("/decisions", 503, "database_busy")
    desk.exclude([1])
    assert ids(desk) == [1, 2]
    assert desk.wrong is not None
    assert desk.wrong.code == "database_busy"
    assert not desk.done


def test_a_picture_that_went_meanwhile_has_the_queue_read_anew(
    api: StandIn, queue: QueueStandIn, desk: Desk
) -> None:
    queue.items = [waiting(1), waiting(2)]
    desk.fill()
    queue.items = [waiting(2)]
    api.refuse("/decisions", 404, "not_found")
    desk.exclude([1])
    desk.fill()
    assert ids(desk) == [2]
    assert desk.wrong is not None


def test_what_somebody_decided_meanwhile_leaves_the_desk_is_told_and_the_others_are_decided_on(
    queue: QueueStandIn, desk: Desk
) -> None:
    queue.items = [waiting(1), waiting(2, "tiger", "lion"), waiting(3)]
    desk.fill()
    queue.decide(2, kind="exclude", label=None, by="Bob")
    desk.confirm([1, 2])
    assert ids(desk) == [3]
    assert [(one.by, one.kind) for one in desk.overtaken] == [("Bob", "exclude")]
    assert desk.told == "1.jpg: tiger."
    desk.undo()
    assert ids(desk) == [1, 3]
    assert [one["undone_at"] is None for one in queue.decided] == [True, False]


def test_nothing_is_there_to_take_back_where_others_decided_on_all_of_it(
    queue: QueueStandIn, desk: Desk
) -> None:
    queue.items = [waiting(1), waiting(2)]
    desk.fill()
    queue.decide(1)
    desk.confirm([1])
    assert (desk.told, desk.done) == ("", [])
    desk.undo_listed(1)
    desk.fill()
    assert ids(desk) == [1, 2]
    desk.exclude([1])
    assert not desk.overtaken
    assert ids(desk) == [2]


def test_what_somebody_else_took_back_is_not_in_the_way_of_what_came_before(
    queue: QueueStandIn, desk: Desk
) -> None:
    queue.items = [waiting(1), waiting(2)]
    desk.fill()
    desk.exclude([1])
    desk.exclude([2])
    queue.undo(2)
    desk.undo()
    assert trouble(desk) == "nothing_to_undo"
    desk.undo()
    assert trouble(desk) is None
    assert desk.told == "Taken back: 1.jpg left out."
    desk.fill()
    assert sorted(ids(desk)) == [1, 2]


def test_of_many_the_others_are_taken_back_where_somebody_else_took_back_one(
    queue: QueueStandIn, desk: Desk
) -> None:
    queue.items = [waiting(1), waiting(2), waiting(3)]
    desk.fill()
    desk.exclude([1, 2, 3])
    queue.undo(2)
    desk.undo()
    assert (trouble(desk), desk.done) == (None, [])
    assert desk.told == "Taken back, but for what somebody else had: 3 pictures left out."
    assert all(one["undone_at"] for one in queue.decided)
    desk.fill()
    assert ids(desk) == [1, 2, 3]


def test_what_could_not_be_taken_back_for_another_reason_can_be_still(
    api: StandIn, queue: QueueStandIn, desk: Desk
) -> None:
    queue.items = [waiting(1)]
    desk.fill()
    desk.exclude([1])
    api.refuse("/decisions/undo", 503, "database_busy")
    desk.undo()
    assert trouble(desk) == "database_busy"
    del api.broken["/decisions/undo"]
    desk.undo()
    assert ids(desk) == [1]


def test_what_is_put_off_comes_again_when_the_others_are_done(queue: QueueStandIn, desk: Desk) -> None:
    queue.items = [waiting(1), waiting(2)]
    desk.fill()
    desk.put_off([1])
    desk.fill()
    assert ids(desk) == [2]
    desk.exclude([2])
    desk.fill()
    assert ids(desk) == [1]


def test_a_label_that_was_made_up_is_offered_from_then_on(queue: QueueStandIn, desk: Desk) -> None:
    queue.items = [waiting(1), waiting(2)]
    desk.fill()
    desk.give([1], "okapi")
    desk.give([2], "lion")
    assert desk.names() == ["lion", "tiger", "okapi"]


def test_a_decision_taken_back_from_the_list_is_not_taken_back_again(queue: QueueStandIn, desk: Desk) -> None:
    queue.items = [waiting(1), waiting(2)]
    desk.fill()
    desk.exclude([1])
    desk.undo_listed(1)
    assert not desk.done
    desk.fill()
    assert ids(desk) == [1, 2]


def test_another_choice_reads_another_queue(queue: QueueStandIn, desk: Desk) -> None:
    queue.items = [waiting(1), waiting(2, reasons=["unsure"]), waiting(3, "cat", reasons=["unsure"])]
    desk.choose("unsure", None)
    desk.fill()
    assert ids(desk) == [2, 3]
    desk.choose("unsure", "cat")
    desk.fill()
    assert ids(desk) == [3]


def test_a_queue_that_cannot_be_read_is_read_at_the_next_try(
    api: StandIn, queue: QueueStandIn, desk: Desk
) -> None:
    queue.items = [waiting(1)]
    api.refuse("/review/queue", 503, "database_unavailable")
    with pytest.raises(ApiError):
        desk.fill()
    del api.broken["/review/queue"]
    desk.fill()
    assert ids(desk) == [1]
