"""What people should look at first, and why; on both databases."""

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from databases import corrections, label_operations
from databases.models import Answer, Image
from databases.review_items import Nearest, read_items
from tests.databases.filling import content
from tests.databases.reviewing import Desk


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


def test_reports_come_before_suspicions_disagreement_missing_labels_and_doubt(desk: Desk) -> None:
    unsure, unlabelled, disagreed, suspect, reported, fine = (
        desk.add(f"cat/{number}.jpg", label=None if number == 1 else "cat") for number in range(6)
    )
    desk.answer(unsure, "cat", "unsure", margin=0.1)
    desk.answer(unlabelled, "dog", margin=0.2)
    desk.answer(disagreed, "dog")
    desk.suspect(suspect, 3, "dog")
    desk.report(reported)
    desk.answer(fine, "cat")
    queue = desk.queue()
    assert [(one.position.image_id, one.reasons) for one in queue.waiting] == [
        (reported, ("reported",)),
        (suspect, ("suspect",)),
        (disagreed, ("disagrees",)),
        (unlabelled, ("unlabelled",)),
        (unsure, ("unsure",)),
    ]
    assert (queue.total, queue.more, set(queue.counts.values())) == (5, False, {1})


def test_within_a_reason_the_most_useful_come_first_and_ties_by_id(desk: Desk) -> None:
    names = ("slight", "strong", "neighbours", "more neighbours", "strong too")
    ids = {name: desk.add(f"cat/{name}.jpg") for name in names}
    desk.answer(ids["slight"], "dog", margin=0.1)
    desk.answer(ids["strong"], "dog", margin=0.8)
    desk.answer(ids["strong too"], "dog", margin=0.8)
    desk.answer(ids["neighbours"], "cat", agreement=0.4)
    desk.answer(ids["more neighbours"], "cat", agreement=0.1)
    found = [next(name for name, one in ids.items() if one == image_id) for image_id in desk.ids()]
    assert found == ["strong", "strong too", "slight", "more neighbours", "neighbours"]
    near, far, never = (desk.add(f"{name}.jpg", label=None) for name in ("near", "far", "never asked"))
    desk.answer(far, "dog", margin=0.9)
    desk.answer(near, "dog", margin=0.01)
    assert desk.ids(reason="unlabelled") == [near, far, never]


def test_a_picture_has_all_its_reasons_and_stands_where_the_weightiest_puts_it(desk: Desk) -> None:
    both, suspect = desk.add("cat/both.jpg"), desk.add("cat/suspect.jpg")
    desk.suspect(suspect, 0)
    desk.suspect(both, 1)
    desk.answer(both, "dog", "unsure", margin=0.1)
    assert desk.ids() == [both, suspect]
    assert desk.queue().waiting[0].reasons == ("suspect", "disagrees", "unsure")
    assert desk.ids(reason="unsure") == [both]
    assert desk.queue(reason="unsure").counts["suspect"] == 2
    assert desk.queue(reason="unsure").total == 1


def test_a_suspicion_that_model_and_neighbours_contradict_comes_after_what_they_doubt(desk: Desk) -> None:
    names = ("contradicted", "disagreed", "no animal", "other label", "neighbours", "strange", "both", "car")
    ids = {name: desk.add(f"cat/{name}.jpg", label="owl" if name == "strange" else "cat") for name in names}
    for rank, name in enumerate(
        ("contradicted", "no animal", "strange", "other label", "neighbours", "both")
    ):
        desk.suspect(ids[name], rank)
    desk.answer(ids["contradicted"], "cat", agreement=0.9)
    desk.answer(ids["disagreed"], "dog", margin=0.99)
    desk.answer(ids["no animal"], "cat", "not_an_animal", agreement=1.0)
    desk.answer(ids["other label"], "dog", margin=0.2, agreement=0.1)
    desk.answer(ids["neighbours"], "cat", agreement=0.1)
    desk.answer(ids["strange"], "dog")  # the model was never taught owls
    desk.answer(ids["both"], "dog", margin=0.2, agreement=0.9)
    desk.suspect(ids["car"], 40, kind="not_an_animal")
    desk.answer(ids["car"], "cat")  # as the other cars, among which it lies
    found = [next(name for name, one in ids.items() if one == image_id) for image_id in desk.ids()]
    first = ["both", "car", "other label", "neighbours"]
    assert found == [*first, "no animal", "strange", "disagreed", "contradicted"]
    assert desk.ids(reason="suspect")[-1] == ids["contradicted"]


def test_pages_follow_one_another_without_a_gap_though_pictures_leave_meanwhile(desk: Desk) -> None:
    ids = [desk.add(f"cat/{number}.jpg") for number in range(6)]
    for number, image_id in enumerate(ids):
        desk.answer(image_id, "dog", margin=0.9 - number / 10)
    first = desk.queue(limit=2)
    corrections.add(
        desk.session, "pets", [desk.content(one) for one in (ids[0], ids[3])], "label", label="dog"
    )
    second = desk.queue(limit=2, after=first.waiting[-1].position)
    third = desk.queue(limit=2, after=second.waiting[-1].position)
    seen = [one.position.image_id for page in (first, second, third) for one in page.waiting]
    assert seen == [ids[0], ids[1], ids[2], ids[4], ids[5]]
    assert [page.more for page in (first, second, third)] == [True, True, False]


def test_what_was_decided_leaves_the_queue_until_it_is_undone_or_reported_after_that(desk: Desk) -> None:
    image_id = desk.add("cat/1.jpg")
    desk.suspect(image_id, 0, "dog")
    desk.answer(image_id, "dog")
    desk.report(image_id, days_ago=1)
    ids = corrections.add(desk.session, "pets", [desk.content(image_id)], "label", label="cat")
    assert desk.ids() == []
    corrections.undo(desk.session, ids)
    assert desk.queue().waiting[0].reasons == ("reported", "suspect", "disagrees")
    corrections.add(desk.session, "pets", [desk.content(image_id)], "label", label="cat")
    desk.report(image_id, days_ago=-1)
    assert desk.queue().waiting[0].reasons == ("reported",)


def test_of_a_prediction_the_last_word_counts(desk: Desk) -> None:
    image_id = desk.add("cat/1.jpg")
    prediction_id = desk.report(image_id)
    desk.say(prediction_id, correct=True)
    assert desk.ids() == []
    desk.report(image_id)
    assert desk.ids() == [image_id]


def test_what_more_people_report_comes_first(desk: Desk) -> None:
    once, twice = desk.add("cat/once.jpg"), desk.add("cat/twice.jpg")
    for image_id in (once, twice, twice):
        desk.report(image_id)
    assert desk.ids() == [twice, once]


def test_a_label_that_the_model_was_never_taught_is_no_disagreement(desk: Desk) -> None:
    image_id = desk.add("fox/1.jpg")
    desk.answer(image_id, "dog", "unsure")
    assert desk.ids() == []


def test_answers_to_other_content_or_of_other_models_and_pictures_out_of_use_do_not_count(
    desk: Desk,
) -> None:
    changed, excluded, gone = (desk.add(f"cat/{name}.jpg") for name in ("changed", "excluded", "gone"))
    for image_id in (changed, excluded, gone):
        desk.answer(image_id, "dog")
    for image_id, values in (
        (changed, {"sha256": content("another")}),
        (excluded, {"excluded": True}),
        (gone, {"status": "missing"}),
    ):
        desk.session.execute(update(Image).where(Image.id == image_id).values(values))
    assert desk.ids() == []


def test_one_may_look_at_those_of_a_label_or_that_seem_to_be_of_it(desk: Desk) -> None:
    cat, dog, seems = desk.add("cat/1.jpg"), desk.add("dog/1.jpg"), desk.add("new.jpg", label=None)
    desk.answer(cat, "dog")
    desk.answer(dog, "cat")
    desk.answer(seems, "dog")
    assert desk.ids(label="dog") == [dog, seems]
    assert desk.queue(label="dog").counts == dict.fromkeys(desk.queue().counts, 0) | {
        "disagrees": 1,
        "unlabelled": 1,
    }


def test_people_are_believed_before_checks_and_these_before_the_model(desk: Desk) -> None:
    said, checked, answered, strange, unsure = (desk.add(f"cat/{number}.jpg") for number in range(5))
    for image_id in (said, checked, answered):
        desk.answer(image_id, "dog")
    desk.report(said, label="fox", comment="red tail", made_by="Anna")
    for image_id in (said, checked):
        desk.suspect(image_id, 1, "wolf")
    desk.suspect(strange, 2, kind="not_an_animal")
    desk.answer(unsure, "cat", "not_an_animal")
    items = {one.image.id: one for one in read_items(desk.session, desk.task, desk.queue().waiting)}
    assert {one: item.suggestion for one, item in items.items()} == {
        said: "fox",
        checked: "wolf",
        answered: "dog",
        strange: None,
        unsure: "cat",
    }
    assert items[answered].score == items[answered].answer.score  # type: ignore[union-attr]
    assert items[said].score is None
    (one,) = items[said].said
    assert (one.correct, one.label, one.comment, one.by) == (False, "fox", "red tail", "Anna")


def test_where_only_the_neighbours_disagree_what_they_say_is_told_and_nothing_suggested(desk: Desk) -> None:
    known, earlier = desk.add("cat/0.jpg"), desk.add("cat/1.jpg")
    desk.answer(known, "cat", agreement=0.1, near=("dog", 9))
    desk.answer(earlier, "cat", agreement=0.2)
    columns = {"near_label": None, "near_count": None, "near_asked": None}
    desk.session.execute(update(Answer).where(Answer.image_id == earlier).values(columns))
    items = read_items(desk.session, desk.task, desk.queue().waiting)
    assert [(one.image.id, one.suggestion, one.score) for one in items] == [
        (known, None, None),
        (earlier, None, None),
    ]
    told = [one.answer.nearest for one in items if one.answer is not None]
    assert told == [Nearest("dog", 9, 10), None]


def test_a_label_that_was_renamed_merged_or_dropped_is_suggested_by_what_it_is_now(desk: Desk) -> None:
    desk.pets.add_all(["dog/0.jpg", "fox/0.jpg", "cow/0.jpg"])
    answered, checked, said, dropped = (desk.add(f"cat/{number}.jpg") for number in range(1, 5))
    desk.answer(answered, "dog")
    desk.suspect(checked, 0, "fox")
    desk.report(said, label="unheard of")
    desk.suspect(dropped, 1, "cow")
    label_operations.rename(desk.session, "pets", "dog", "hound")
    label_operations.merge(desk.session, "pets", ["fox"], "hound")
    label_operations.drop(desk.session, "pets", ["cow"])

    def suggested() -> dict[int, str | None]:
        items = read_items(desk.session, desk.task, desk.queue().waiting)
        return {one.image.id: one.suggestion for one in items}

    assert suggested() == {answered: "hound", checked: "hound", said: "unheard of", dropped: None}
    desk.add("dog/1.jpg")  # as somebody may have it: a label is what it is called
    assert suggested()[answered] == "dog"


def test_who_confirmed_an_answer_says_what_an_unlabelled_picture_shows(desk: Desk) -> None:
    kept, strange = desk.add("kept.jpg", label=None), desk.add("strange.jpg", label=None)
    desk.report(kept, correct=True)
    desk.say(desk.ask(desk.content(strange), "cat", "not_an_animal"), correct=True)
    items = read_items(desk.session, desk.task, desk.queue().waiting)
    assert [(one.image.id, one.suggestion) for one in items] == [(kept, "cat"), (strange, None)]
