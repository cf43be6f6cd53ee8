"""What was measured of pictures."""

from sqlalchemy.orm import Session

from databases.quality import Quality, qualities
from tests.databases.filling import Library

MEASURES = {"sharpness": 900.0, "brightness": 0.5, "contrast": 0.8, "saturation": 0.3}


def test_usable_pictures_that_were_measured_are_known_by_id(session: Session) -> None:
    pets = Library(session)
    measured = pets.add("cat/1.jpg", **MEASURES)
    pets.add("cat/2.jpg")
    pets.add("cat/3.jpg", **MEASURES, excluded=True)
    Library(session, "birds", "birds", "/birds").add("owl/1.jpg", **MEASURES)
    assert qualities(session, "pets") == {measured: Quality(**MEASURES)}
