"""What people say of predictions is written down with them; on both databases."""

from sqlalchemy.orm import Session

from databases import feedback
from databases.feedback import Predicted, Saying
from databases.models import Feedback
from tests.databases.filling import content
from tests.databases.reviewing import Desk


def test_a_prediction_is_known_once_it_is_written_down(session: Session) -> None:
    desk = Desk(session)
    assert feedback.find_prediction(session, "0" * 32) is None
    asked = desk.ask(content("a"), "cat", "unsure")
    assert feedback.find_prediction(session, asked) == Predicted(asked, content("a"), "pets", "cat", "unsure")


def test_what_was_said_is_kept_as_it_was_said(session: Session) -> None:
    desk = Desk(session)
    image_id = desk.add("cat/1.jpg")
    said = Saying(desk.ask(content("a")), False, "fox", "red tail", image_id, "Anna")
    row = session.get_one(Feedback, feedback.add(session, said))
    assert (row.prediction_id, row.correct, row.label) == (said.prediction_id, False, "fox")
    assert (row.comment, row.image_id, row.made_by) == ("red tail", image_id, "Anna")
