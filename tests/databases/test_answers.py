"""What a model answers to the library's pictures is kept once a picture, for what it is now."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from databases import answers
from databases.models import Answer, Image
from tests.databases.filling import content
from tests.databases.reviewing import Desk


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


def test_only_pictures_in_use_without_an_answer_to_their_content_lack_one(desk: Desk) -> None:
    answered, changed, fresh, excluded = (desk.add(f"cat/{number}.jpg") for number in range(4))
    for image_id in (answered, changed):
        desk.answer(image_id, "cat")
    desk.session.execute(update(Image).where(Image.id == changed).values(sha256=content("another")))
    desk.session.execute(update(Image).where(Image.id == excluded).values(excluded=True))
    model = desk.task.model_id
    assert answers.unanswered(desk.session, model, "pets") == [changed, fresh]
    assert answers.count_unanswered(desk.session, model, "pets") == 2
    assert answers.unanswered(desk.session, model, "birds") == []


def test_neighbours_whose_labels_were_not_kept_are_asked_again(desk: Desk) -> None:
    earlier, kept = desk.add("cat/1.jpg"), desk.add("cat/2.jpg")
    for image_id in (earlier, kept):
        desk.answer(image_id, "cat")
    desk.session.execute(update(Answer).where(Answer.image_id == earlier).values(near_label=None))
    assert [one.image_id for one in answers.unjudged(desk.session, desk.task.model_id, "pets")] == [earlier]


def test_a_new_answer_takes_the_place_of_the_old_one_and_neighbours_are_asked_again(desk: Desk) -> None:
    image_id = desk.add("cat/1.jpg")
    model = desk.task.model_id
    desk.answer(image_id, "cat", agreement=0.7)
    assert answers.unjudged(desk.session, model, "pets") == []
    desk.answer(image_id, "dog", "unsure", margin=0.25, agreement=None)
    ((label, margin, agreement),) = desk.session.execute(
        select(Answer.label, Answer.margin, Answer.agreement)
    ).all()
    assert (label, margin, agreement) == ("dog", 0.25, None)
    (unjudged,) = answers.unjudged(desk.session, model, "pets")
    assert (unjudged.image_id, unjudged.label, unjudged.sha256) == (image_id, "dog", desk.content(image_id))
