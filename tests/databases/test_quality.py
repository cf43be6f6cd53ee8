"""What was measured of pictures, and which of them show the same."""

from sqlalchemy.orm import Session

from databases.quality import Quality, contents, qualities
from tests.databases.filling import Library, content

MEASURES = {"sharpness": 900.0, "brightness": 0.5, "contrast": 0.8, "saturation": 0.3}


def test_usable_pictures_that_were_measured_are_known_by_id(session: Session) -> None:
    pets = Library(session)
    measured = pets.add("cat/1.jpg", **MEASURES)
    pets.add("cat/2.jpg")
    pets.add("cat/3.jpg", **MEASURES, excluded=True)
    Library(session, "birds", "birds", "/birds").add("owl/1.jpg", **MEASURES)
    assert qualities(session, "pets") == {measured: Quality(**MEASURES)}


def test_exact_copies_and_the_pictures_of_a_group_show_the_same(session: Session) -> None:
    pets, more = Library(session), Library(session, "more", "pets", "/more")
    lone = pets.add("cat/lone.jpg")
    copies = [one.add("cat/copy.jpg", sha256=content("copy")) for one in (pets, more)]
    group = pets.add("cat/large.jpg", sha256=content("large"), duplicate_group=7)
    members = [group, pets.add("cat/small.jpg", duplicate_group=7)]
    members.append(more.add("cat/large.jpg", sha256=content("large")))  # its root was not grouped yet
    shown = contents(session, "pets")
    assert set(shown) == {lone, *copies, *members}
    assert len({shown[one] for one in copies}) == len({shown[one] for one in members}) == 1
    assert len(set(shown.values())) == 3
