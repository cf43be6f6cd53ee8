"""One picture, looked at closely, on both databases."""

from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from databases import findings, library
from databases.describing import Description, ModelAnswer, describe
from databases.findings import Ranked
from databases.models import Answer, Image
from databases.quality import Quality
from tests.databases.filling import Library, content, register


def described(session: Session, image_id: int, model_id: int = 1) -> Description:
    image = library.find_image(session, image_id, excluded=True)
    assert image is not None
    return describe(session, image, model_id)


def test_a_new_picture_is_told_of_without_what_nobody_found_out_yet(session: Session) -> None:
    told = described(session, Library(session).add("cat/0.jpg"))
    assert (told.image.file_name, told.aspect_ratio, told.excluded) == ("0.jpg", 1.5, False)
    assert (told.quality, told.findings, told.duplicates, told.answer) == (None, (), (), None)


def test_quality_findings_and_what_the_model_answers_are_told(session: Session) -> None:
    pets = Library(session)
    image_id = pets.add("cat/0.jpg", sharpness=9.5, brightness=0.5, contrast=0.9, saturation=0.1)
    findings.replace(session, "pets", [Ranked(image_id, "suspect", 0, "dog")])
    model = register(session, "pets-1")
    answer: dict[str, Any] = {"label": "dog", "score": 0.8, "verdict": "confident", "agreement": 0.7}
    row = answer | {"image_id": image_id, "model_id": model.id, "sha256": content("1/cat/0.jpg")}
    session.execute(insert(Answer), [row])
    told = described(session, image_id, model.id)
    assert told.quality == Quality(9.5, 0.5, 0.9, 0.1)
    assert told.findings == (Ranked(image_id, "suspect", 0, "dog"),)
    assert told.answer == ModelAnswer("dog", 0.8, "confident", 0.7)
    assert described(session, image_id, model.id + 1).answer is None
    session.execute(update(Image).values(sha256=content("another picture")))
    assert described(session, image_id, model.id).answer is None


def test_copies_and_look_alikes_of_the_task_are_duplicates(session: Session) -> None:
    pets = Library(session)
    first = pets.add("cat/0.jpg", sha256=content("a"))
    copy = pets.add("cat/1.jpg", sha256=content("a"))
    alike = pets.add("dog/0.jpg")
    session.execute(update(Image).values(duplicate_group=first))
    pets.add("dog/1.jpg")
    pets.add("dog/2.jpg", sha256=content("a"), excluded=True)
    Library(session, "birds", task="birds", uri="/birds").add("cat/0.jpg", sha256=content("a"))
    assert [image.id for image in described(session, first).duplicates] == [copy, alike]
    assert [image.id for image in described(session, alike).duplicates] == [first, copy]


def test_an_excluded_picture_can_be_looked_at_too(session: Session) -> None:
    assert described(session, Library(session).add("cat/0.jpg", excluded=True)).excluded
