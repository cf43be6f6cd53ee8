"""Similar pictures below the answer, and one of them beside the visitor's own."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.frontend.at_the_page import buttons, click, words
from tests.frontend.identify.asking import PHOTO, upload
from tests.frontend.stand_in import Asked, Json, StandIn


def compared(page: AppTest) -> list[str]:
    """The files that can be compared with, in their order."""
    return [name.split(", ")[1].replace("\\", "") for name in buttons(page) if name.startswith("Compare")]


def test_similar_pictures_are_of_the_same_label_with_their_likeness(api: StandIn, page: AppTest) -> None:
    api.labels = ["tiger", "lion", "tiger"]
    said = words(upload(page, PHOTO))
    assert compared(page) == ["tiger-1.jpg", "tiger-3.jpg"]
    assert "Nearly identical" in said
    assert "The 2 nearest of 2 pictures of tiger." in said


def test_pictures_of_another_guess_and_of_any_animal_can_be_asked_for(api: StandIn, page: AppTest) -> None:
    api.labels = ["tiger", "lion"]
    upload(page, PHOTO)
    page.pills[0].set_value("lion")
    assert compared(page.run()) == ["lion-2.jpg"]
    page.pills[0].set_value("any")
    page.run()
    assert api.last("/similar").fields["label"] == "any"


def test_pictures_of_what_was_not_guessed_take_the_place_of_a_guess(api: StandIn, page: AppTest) -> None:
    api.labels = ["tiger", "zebra"]
    upload(page, PHOTO)
    page.selectbox[0].set_value("zebra")
    assert compared(page.run()) == ["zebra-2.jpg"]
    assert page.pills[0].value is None
    page.pills[0].set_value("tiger")
    assert compared(page.run()) == ["tiger-1.jpg"]
    assert page.selectbox[0].value is None


def test_where_no_label_is_chosen_any_more_the_likeliest_is(api: StandIn, page: AppTest) -> None:
    api.labels = ["tiger", "zebra"]
    upload(page, PHOTO).selectbox[0].set_value("zebra")
    page.run().selectbox[0].set_value(None)
    assert compared(page.run()) == ["tiger-1.jpg"]
    assert page.pills[0].value == "tiger"


def test_more_varied_pictures_can_be_asked_for(api: StandIn, page: AppTest) -> None:
    api.labels = ["tiger"]
    upload(page, PHOTO)
    assert "diversity" not in api.last("/similar").fields
    page.toggle[0].set_value(True)
    page.run()
    assert api.last("/similar").fields["diversity"] == "0.3"


def test_look_alikes_are_counted_beside_the_picture_that_stands_for_them(api: StandIn, page: AppTest) -> None:
    image: Json = {"id": 5, "file_name": "t.jpg", "label": "tiger"}
    image["links"] = {"content": "/images/5/content", "thumbnail": "/images/5/thumbnail"}
    found: Json = {"label": "tiger", "available": 1}
    found["items"] = [{"image": image, "similarity": 0.6, "alike": 3}]
    api.labels, api.more["POST", "/similar"] = ["tiger"], lambda _asked: found
    assert "60 % similar and 2 look-alikes" in words(upload(page, PHOTO))


def test_a_library_without_that_label_says_how_to_fill_it(api: StandIn, page: AppTest) -> None:
    api.labels = ["lion"]
    said = words(upload(page, PHOTO))
    assert "No pictures of “tiger” to compare with" in said
    assert "menagerie ingest" in said


def test_a_thumbnail_that_cannot_be_had_leaves_the_others(api: StandIn, page: AppTest) -> None:
    api.labels = ["tiger", "tiger"]
    api.refuse("/images/1/thumbnail", 404, "not_found")
    said = words(upload(page, PHOTO))
    assert said.count('<div class="mng-square" role="img"') == 1
    assert said.count('<img class="mng-square"') == 1


def test_a_gallery_that_fails_leaves_the_answer_and_can_be_retried(api: StandIn, page: AppTest) -> None:
    api.labels = ["tiger"]
    api.refuse("/similar", 503, "not_ready")
    said = words(upload(page, PHOTO))
    assert "tiger (93 % sure)" in said
    assert "The service is still starting" in said
    api.broken.clear()
    assert compared(click(page, "Try again")) == ["tiger-1.jpg"]


def test_a_service_that_took_up_another_model_meanwhile_is_told_from_a_failure(
    api: StandIn, page: AppTest
) -> None:
    api.labels = ["tiger"]
    api.refuse("/similar", 404, "unknown_label")
    said = words(upload(page, PHOTO))
    assert "The service does not know this animal any more" in said
    assert "Try again" not in buttons(page)


def test_where_there_is_nothing_to_compare_with_nobody_is_told_to(api: StandIn, page: AppTest) -> None:
    api.labels = []
    said = words(upload(page, PHOTO))
    assert "There are no pictures to compare with yet." in said
    assert "/similar" not in api.paths()


@pytest.mark.parametrize("labels", [[], ["tiger"]])
def test_an_unsure_answer_is_held_against_pictures_only_where_there_are_any(
    api: StandIn, page: AppTest, labels: list[str]
) -> None:
    api.verdict, api.labels = "unsure", labels
    said = words(upload(page, PHOTO))
    assert ("hold it against pictures of each guess below" in said) == bool(labels)


def closely(asked: Asked) -> Json:
    id_ = int(asked.path.split("/")[-1])
    links = {"content": f"/images/{id_}/content", "thumbnail": f"/images/{id_}/thumbnail"}
    return {"id": id_, "file_name": "tiger-2.jpg", "label": "tiger", "links": links, "source": "holiday"}


@pytest.fixture
def beside(api: StandIn, page: AppTest) -> AppTest:
    """The page with the second of two pictures beside the visitor's."""
    api.labels = ["tiger", "tiger"]
    api.more["GET", r"/images/\d+"] = closely
    api.more["GET", r"/images/\d+/content"] = lambda _asked: PHOTO[1]
    return click(upload(page, PHOTO), "Compare with tiger, tiger-2.jpg")


def test_a_picture_is_shown_beside_ones_own_with_what_is_known_of_it(beside: AppTest) -> None:
    said = words(beside)
    assert len(beside.image) == 3  # the answer's, and both once more
    assert "<dd>Alike, 67 % similar</dd>" in said
    assert "<dd>holiday</dd>" in said
    assert "More like this one" in buttons(beside)
    (link,) = [one.proto for one in beside.get("page_link") if one.proto.label == "Open in the library"]
    assert (link.page, link.query_string) == ("library", "image=2")


def test_a_picture_whose_like_is_shown_is_seen_itself(api: StandIn, page: AppTest) -> None:
    api.labels = ["tiger", "tiger"]
    asked = upload(page, PHOTO).session_state["visit"]
    (found,) = asked.similar.values()
    asked.look_around(found.items[1].image)
    said = words(page.run())
    assert 'alt="tiger, tiger-2.jpg"><h2>More like tiger-2.jpg</h2>' in said


def test_a_comparison_that_fails_says_so_and_leaves_the_page(api: StandIn, page: AppTest) -> None:
    api.labels = ["tiger"]
    upload(page, PHOTO)
    api.refuse("/images/1/content", 404, "file_missing")
    said = words(click(page, "Compare with tiger, tiger-1.jpg"))
    assert "This picture is no longer in the library" in said
    assert "tiger (93 % sure)" in said


def test_labels_cannot_smuggle_in_html(api: StandIn, page: AppTest) -> None:
    api.labels = ["<b>tiger</b>"]
    api.scores = {"<b>tiger</b>": 0.9}
    api.sentence = "This looks like: <b>tiger</b>."
    said = words(upload(page, PHOTO))
    assert "<b>tiger" not in said
    assert "&lt;b&gt;tiger" in said
    assert all("<b>" not in button.replace("\\<", "") for button in buttons(page))
