"""The library as a visitor looks through it."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from frontend.library.address import BEYOND
from tests.frontend.at_the_page import OpenPage, buttons, click
from tests.frontend.library.showing import address, follow, image, listed, said
from tests.frontend.stand_in import Refused, StandIn


def test_the_balance_of_labels_stands_beside_the_pictures(page: AppTest) -> None:
    shown = said(page.run())
    assert "<span>cat</span><span>3 · 60 %</span>" in shown
    assert "<span>No label</span><span>1 · 20 %</span>" in shown
    assert "<span>Dark</span><span>1</span>" in shown
    assert "2 files are no usable pictures." in shown
    assert shown.count("data:image/jpeg") == 4


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("cat", {"label": "cat"}),
        ("No label", {"unlabelled": "true"}),
        ("Validation", {"split": "val"}),
        ("web", {"source": "web"}),
        ("Dark", {"finding": "dark"}),
        ("Excluded", {"excluded": "true"}),
    ],
)
def test_a_click_on_a_part_shows_that_alone_and_stands_in_the_address(
    page: AppTest, library: StandIn, name: str, asked: dict[str, str]
) -> None:
    follow(page.run(), f"<span>{name}</span>")
    assert address(page) == asked
    assert library.last("/images").fields == asked | {"limit": "48"}
    assert 'aria-current="true"' in said(page)
    follow(page, f"<span>{name}</span>")
    assert address(page) == {}


def test_filters_add_up_and_each_can_be_taken_away(page: AppTest, library: StandIn) -> None:
    follow(follow(page.run(), "<span>cat</span>"), "<span>Dark</span>")
    assert library.last("/images").fields == {"label": "cat", "finding": "dark", "limit": "48"}
    chips = said(page)
    assert 'aria-label="Take away: cat"' in chips
    assert "Take all away" in chips
    follow(page, "cat<i")
    assert address(page) == {"finding": "dark"}


def test_parts_are_counted_among_what_else_is_chosen(page: AppTest, library: StandIn) -> None:
    follow(follow(page.run(), "<span>cat</span>"), "<span>Dark</span>")
    assert library.last("/library").fields == {"label": "cat", "finding": "dark"}
    assert library.last("/images").fields == {"label": "cat", "finding": "dark", "limit": "48"}


def test_an_address_that_cannot_be_counted_leaves_a_way_on(page: AppTest, library: StandIn) -> None:
    counted = library.more["GET", "/library"]
    library.more["GET", "/library"] = lambda asked: (
        Refused(422, "invalid_request") if asked.fields else counted(asked)
    )
    page.query_params["finding"] = "nonsense"
    assert "<span>cat</span>" in said(page.run())


def test_links_to_pictures_differ_by_name_and_say_their_label_once(page: AppTest) -> None:
    shown = said(page.run())
    assert 'alt="cat, cat-1.jpg"><span><b aria-hidden="true">cat</b></span>' in shown


def test_counts_of_labels_and_splits_are_within_one_another(page: AppTest) -> None:
    follow(page.run(), "<span>cat</span>")
    assert "<span>Training</span><span>2</span>" in said(page)
    assert "<span>Test</span>" not in said(page)
    page.query_params.clear()
    page.query_params["split"] = "test"
    assert "<span>dog</span><span>1 · 100 %</span>" in said(page.run())


def test_pages_lead_forth_and_back_from_where_one_is(page: AppTest, library: StandIn) -> None:
    listed(library, range(49, 97), total=100_617, earlier=48)
    page.query_params["label"] = "cat"
    assert "49 to 96 of 100,617" in said(page.run())
    follow(page, "Next")
    assert address(page) == {"label": "cat", "after": "96"}
    follow(page, "Previous")
    assert address(page) == {"label": "cat", "before": "49"}
    assert library.last("/images").fields == {"label": "cat", "before": "49", "limit": "48"}
    follow(page, "First")
    assert address(page) == {"label": "cat"}


def test_the_last_page_is_the_one_before_all_that_could_follow(page: AppTest, library: StandIn) -> None:
    listed(library, range(1, 49), total=100_617)
    follow(page.run(), "Last")
    assert library.last("/images").fields == {"before": str(BEYOND), "limit": "48"}


@pytest.mark.parametrize("said", ["2147483648", "9" * 5000, "-1", "²"])
def test_a_number_that_no_picture_can_have_is_not_asked_for(
    page: AppTest, library: StandIn, said: str
) -> None:
    page.query_params["before"] = said
    page.run()
    assert library.last("/images").fields == {"limit": "48"}


def test_one_page_of_pictures_needs_no_way_to_others(page: AppTest, library: StandIn) -> None:
    listed(library, range(1, 4), total=3)
    assert "mng-pager" not in said(page.run())


def test_a_phone_is_given_fewer_and_the_filters_folded_up(page: AppTest, library: StandIn) -> None:
    page.session_state["library-wide"] = False
    assert '<details class="mng-facets">' in said(page.run())
    assert library.last("/images").fields["limit"] == "24"


def test_names_cannot_smuggle_in_html(page: AppTest, library: StandIn) -> None:
    library.labels = ['<b>"cat"</b>']
    page.query_params["label"] = '<b>"cat"</b>'
    shown = said(page.run())
    assert "<b>&" not in shown
    assert '<b>"' not in shown
    assert "&lt;b&gt;&quot;cat&quot;" in shown


def test_an_empty_library_says_how_to_fill_it(open_page: OpenPage) -> None:
    page = open_page("library").run()
    assert "There are no pictures yet" in said(page)
    assert "menagerie ingest FOLDER" in said(page)


def test_filters_that_nothing_passes_lead_back(page: AppTest, library: StandIn) -> None:
    listed(library, range(0), total=0)
    page.query_params["split"] = "val"
    assert "No picture is like that" in said(page.run())
    click(page, "Show all pictures")
    assert address(page) == {}


def test_a_place_beyond_the_last_picture_leads_to_the_first(page: AppTest, library: StandIn) -> None:
    listed(library, range(0), total=9, earlier=9)
    page.query_params.update({"after": "900", "label": "cat"})
    assert "There are no pictures after this" in said(page.run())
    click(page, "To the first ones")
    assert address(page) == {"label": "cat"}


def test_an_address_that_asks_for_what_is_not_there_is_said_kindly(page: AppTest, library: StandIn) -> None:
    library.refuse("/images", 404, "unknown_label", "no label 'owl'")
    page.query_params.update({"label": "owl", "after": "x", "image": "y"})
    shown = said(page.run())
    assert "The library knows nothing of that name" in shown
    assert "Take away: owl" in shown


def test_a_service_that_is_away_is_asked_again_on_a_click(page: AppTest, library: StandIn) -> None:
    library.refuse("/library", 503, "not_ready")
    assert "The service is still starting" in said(page.run())
    del library.broken["/library"]
    assert "<span>cat</span>" in said(click(page, "Try again"))


def test_a_picture_whose_storage_is_away_leaves_the_others(page: AppTest, library: StandIn) -> None:
    library.refuse("/images/1/thumbnail", 503, "storage_unavailable")
    shown = said(page.run())
    assert 'role="img" aria-label="cat, cat-1.jpg"' in shown
    assert 'alt="cat, cat-2.jpg"' in shown


def test_words_are_asked_for_only_where_the_model_reads_them(page: AppTest, library: StandIn) -> None:
    assert not page.run().text_input
    library.more["GET", "/models"] = lambda _: {"texts": "aligned"}
    library.labels = []
    st.cache_data.clear()
    page.run().text_input[0].set_value("asleep on a sofa")
    library.labels = ["cat"]
    library.more["POST", "/similar"] = lambda _: {"label": "any", "available": 1, "items": []}
    page.run()
    assert address(page) == {"text": "asleep on a sofa"}
    assert library.last("/similar").fields == {"label": "any", "k": "48", "text": "asleep on a sofa"}
    assert page.text_input[0].value == "asleep on a sofa"
    assert "Nothing to compare with" in said(page)


def test_pictures_like_one_that_is_brought_along_are_found(page: AppTest, library: StandIn) -> None:
    near = {"label": "any", "available": 1, "items": [{"image": image(3), "similarity": 0.97}]}
    library.more["POST", "/similar"] = lambda _: near
    page.run().file_uploader[0].set_value(("mine.jpg", b"upload", "image/jpeg"))
    page.run()
    asked = library.last("/similar").fields
    assert asked["file"] == b"upload"
    assert asked["label"] == "any"
    assert "Nearly identical" in said(page)
    assert "Like your picture" in said(page)
    assert "Your picture, mine.jpg" in said(page)
    assert buttons(page) == []


def test_a_picture_that_was_brought_along_is_gone_with_a_reload(page: AppTest) -> None:
    page.query_params["like"] = "upload"
    assert "The picture that you searched by is no longer here" in said(page.run())
