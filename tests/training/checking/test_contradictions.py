"""Pictures that show the same and are called otherwise."""

from tests.training.making import image
from training.checking.contradictions import find_contradictions


def test_a_group_with_several_labels_is_found_and_no_other() -> None:
    images = (
        image(1, "cat", content="same"),
        image(2, "dog", content="same"),
        image(3, "cat", group=3),
        image(4, "dog", group=3),
        image(5, "dog", group=3),
        image(6, "cat", group=6),
        image(7, "cat", group=6),
        image(8, None, group=6),
        image(9, "owl"),
    )
    found = find_contradictions(images)
    assert [one.image.id for one in found.findings] == [3, 4, 5, 1, 2]
    assert found.kind.code == "two_labels"
    assert found.findings[0].figures == {"labels": 2.0}
