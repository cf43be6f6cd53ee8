"""What the nearest pictures say of one, on both databases."""

from backend.gallery.neighbours import Majority, Suggestion, labelled_neighbours, neighbours
from tests.backend.gallery.shelving import Picture, Shelving, unit

QUERY = unit((1, 0, 0, 0))
KNOWN = ("cat", "dog")


def test_the_ten_nearest_different_pictures_are_asked(shelving: Shelving) -> None:
    own = Picture(1, (1, 0, 0, 0), label="dog")
    cats = [Picture(number, (4, 3, 0, 0), group=2 if number < 9 else None) for number in range(2, 12)]
    others = [
        Picture(20, (1, 1, 1, 1), label="dog"),
        Picture(21, (3, 4, 0, 0), label=None),
        Picture(22, (3, 4, 0, 0), label="emu"),
        *(Picture(number, (0, 1, 0, 0), label="dog") for number in range(30, 40)),
    ]
    model = shelving.fill([own, *cats, *others])
    with shelving.opened(model) as gallery:
        asked = neighbours(gallery, QUERY, own.sha256)
    # Four different cats, the one without a label, an emu, and four of the dogs.
    assert [one.image_id for one in asked.pictures] == [2, 9, 10, 11, 21, 22, 20, 30, 31, 32]
    assert asked.nearest == 0.8
    assert asked.held
    assert asked.agreement("cat", KNOWN) == 0.5  # of those whose labels are known
    assert asked.agreement("emu", KNOWN) == 0
    assert asked.agreement("cat", ()) is None
    assert asked.majority(KNOWN) == Majority("cat", 4, 8)  # as many dogs, which are farther
    assert asked.majority(("dog", "emu")) == Majority("dog", 4, 5)
    assert asked.majority(()) is None


def test_labels_are_suggested_by_weight_of_those_that_have_one(shelving: Shelving) -> None:
    pictures = [
        *(Picture(number, (1, 0, 0, 0), label=None) for number in range(1, 21)),
        Picture(30, (4, 3, 0, 0)),
        Picture(31, (3, 4, 0, 0), label="dog"),
        Picture(32, (3, 4, 0, 0), label="dog"),
        Picture(33, (-1, 0, 0, 0), label="emu"),
    ]
    with shelving.opened(shelving.fill(pictures)) as gallery:
        assert neighbours(gallery, QUERY, None).suggestions() == []
        asked = labelled_neighbours(gallery, QUERY, None)
        assert not neighbours(gallery, QUERY, "0" * 64).held
    assert asked.suggestions() == [
        Suggestion("dog", 1.2 / 2.0),
        Suggestion("cat", 0.8 / 2.0),
        Suggestion("emu", 0),
    ]


def test_an_empty_gallery_says_nothing(shelving: Shelving) -> None:
    with shelving.opened(shelving.fill([])) as gallery:
        asked = neighbours(gallery, QUERY, None)
    assert (asked.nearest, asked.agreement("cat", KNOWN), asked.suggestions()) == (None, None, [])
