"""The leaderboard, one model, and who answers, on Streamlit's own test bench."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from frontend.markup import plain
from frontend.signing import KEPT_NAME
from tests.frontend.at_the_page import OpenPage, buttons, click, command, words
from tests.frontend.models.registry_stand_in import CHAMPION, RegistryStandIn, metrics, model, paired
from tests.frontend.stand_in import StandIn


@pytest.fixture
def registry(api: StandIn) -> RegistryStandIn:
    stand_in = RegistryStandIn()
    stand_in.install(api)
    return stand_in


@pytest.fixture
def page(open_page: OpenPage, registry: RegistryStandIn) -> AppTest:
    del registry
    return open_page("models")


def opened(page: AppTest, version: str) -> AppTest:
    page.query_params["version"] = version
    return page.run()


def listed(page: AppTest) -> list[str]:
    return [label for label in buttons(page) if label.startswith(("animals-", "starter-"))]


def test_models_stand_best_first_with_their_figures(page: AppTest, registry: RegistryStandIn) -> None:
    registry.models = [
        model("animals-9", metrics=None, latency_ms=None, bytes=None),
        model("animals-8", metrics=metrics(95)),
        model(CHAMPION, "champion"),
    ]
    said = words(page.run())
    assert listed(page) == ["animals-8", CHAMPION, "animals-9"]
    for figure in ("Answers now", "95.0 %", "90 to 100 %", "2.0 %", "14 ms", "23 MB", "20 Nov 2026"):
        assert figure in said
    assert "not measured" in said
    page.segmented_control[0].set_value("Newest first").run()
    assert listed(page) == ["animals-9", "animals-8", CHAMPION]


def test_figures_have_plain_names_and_the_terms_for_those_who_ask(
    page: AppTest, registry: RegistryStandIn
) -> None:
    registry.answers, registry.distance = 400, 0.4
    said = words(page.run())
    assert re.search(r'<dt><abbr title="Macro F1: [^"]+">Label by label</abbr></dt><dd>50.0 %', said)
    assert re.search(r'<abbr title="Expected calibration error: [^"]+">Certainty off by</abbr>', said)
    assert re.search(r'<abbr title="[^"]*distance of the two mixtures: 0.40[^"]+">In figures</abbr>', said)
    seen = re.sub(r'title="[^"]+"', "", said)
    assert not re.search("F1|Calibr|calibration|distance", seen)


def test_decisions_that_wait_for_the_next_training_are_told_to_those_who_may_see_them(
    page: AppTest, registry: RegistryStandIn, api: StandIn
) -> None:
    registry.decide_on("2026-11-21T10:00:00Z", "2026-11-19T10:00:00Z")
    assert "<b>1 decision waits</b> for the next training" in words(page.run())
    registry.models.insert(0, model("animals-8", created_at="2026-11-22T10:00:00Z"))
    assert "The newest model has learnt from all decisions" in words(page.run())
    api.refuse("/decisions", 403, "missing_scope")
    assert "decisions" not in words(page.run())


def test_the_newest_candidate_is_one_click_away_from_being_compared_and_promoted(
    page: AppTest, registry: RegistryStandIn
) -> None:
    assert "A name opens its model" in words(page.run())
    assert not [label for label in buttons(page) if label.startswith("Compare")]
    registry.models[:0] = [model("animals-9"), model("animals-8")]
    page.run()
    click(page, f"Compare animals-9 with {CHAMPION}, or promote it")
    assert page.query_params["version"] == "animals-9"
    assert "Make it the champion" in buttons(page)


def test_the_starter_is_not_to_be_evaluated_and_its_labels_are_those_it_was_asked_about(
    page: AppTest, registry: RegistryStandIn
) -> None:
    registry.serving = {"task": "starter", "version": "starter-1"}
    alone = model("starter-1", "champion", task="starter", metrics=None, latency_ms=None)
    registry.models = [alone]
    registry.answers = 3
    registry.shares = {"tench": (0.0, None), "hen": (0.3, None), "ox": (0.7, None), "cod": (0.001, 0.002)}
    said = words(page.run())
    assert "menagerie evaluate" not in said
    assert re.findall("<li><span>(\\w+)</span>", said) == ["ox", "hen"]
    assert "2 more labels" in said
    assert "menagerie evaluate" not in words(opened(page, "starter-1"))


def test_a_figure_of_other_test_pictures_says_so(page: AppTest, registry: RegistryStandIn) -> None:
    registry.models = [model("animals-8", metrics=metrics(99, fingerprint="g")), model(CHAMPION, "champion")]
    assert words(page.run()).count("on other test pictures") == 1


def test_of_many_models_ten_are_shown_at_first(page: AppTest, registry: RegistryStandIn) -> None:
    registry.models = [model(f"animals-{number}") for number in range(50, 8, -1)]
    assert len(listed(page.run())) == 10
    assert "10 of 42 models" in words(page)
    assert len(listed(click(page, "Show 10 more"))) == 20


def test_the_models_of_other_tasks_are_a_choice_away(page: AppTest, registry: RegistryStandIn) -> None:
    registry.models.append(model("starter-1", "champion", task="starter", metrics=None))
    assert listed(page.run()) == [CHAMPION]
    page.segmented_control[0].set_value("starter").run()
    assert listed(page) == ["starter-1"]
    assert "What it was asked" not in words(page)


def test_where_there_is_only_the_starter_it_says_kindly_what_to_do(
    page: AppTest, registry: RegistryStandIn
) -> None:
    registry.serving = {"task": "starter", "version": "starter-1"}
    registry.models = [model("starter-1", "champion", task="starter", metrics=None)]
    said = words(page.run())
    assert "menagerie train --promote" in said
    assert "not measured" in said


def test_a_model_opens_by_its_name_and_by_its_address(page: AppTest, registry: RegistryStandIn) -> None:
    registry.models.insert(0, model("animals-8"))
    registry.compared = {"paired": paired(90, 94, 0.29)}
    click(page.run(), "animals-8")
    assert page.query_params["version"] == "animals-8"
    said = words(page)
    assert "is right on 4 more of 100 test pictures than animals-7; chance could explain that" in said
    assert "from a score of 60 %" in said
    assert any("from a score of 60\u00a0%" in piece.value for piece in page.html)  # no line breaks there
    assert "menagerie evaluate animals-8" in said
    click(page, "All models")
    assert listed(page) == [CHAMPION, "animals-8"]


def test_a_model_that_is_not_there_is_said_kindly(page: AppTest, api: StandIn) -> None:
    api.refuse("/models/nothing-1", 404, "unknown_model")
    assert "This model is not in the registry" in words(opened(page, "nothing-1"))
    assert "All models" in buttons(page)


def test_the_champion_stands_beside_the_one_before_it_and_tells_what_review_bought(
    page: AppTest, registry: RegistryStandIn, api: StandIn
) -> None:
    for version in ("animals-5", "animals-6", CHAMPION):
        registry.promoted(version)
    decisions = {"label": 3, "exclude": 1, "include": 0, "total": 4}
    registry.compared = {"paired": paired(90, 95, 0.03), "decisions": decisions}
    said = words(opened(page, CHAMPION))
    assert api.last("/models/compare").fields == {"a": "animals-6", "b": CHAMPION}
    assert "chance hardly explains that (p = 0.030)" in said
    assert "people made 4 decisions: 3 labels set right or given, 1 picture taken out." in said
    assert "right on 90.0 % (50 to 99 %) before, and is on 95.0 % (50 to 99 %) after." in said
    assert "Make it the champion" not in buttons(page)


def test_corrections_that_entered_the_test_split_name_the_command_that_asks_both(
    page: AppTest, registry: RegistryStandIn
) -> None:
    registry.models.insert(0, model("animals-8"))
    registry.compared = {"same_pictures": False, "unasked": 7}
    said = words(opened(page, "animals-8"))
    assert "their figures do not tell which is better" in said
    assert "ask both about the 7 test pictures that neither learnt from" in said
    assert [one.value for one in page.code] == [f"menagerie compare {CHAMPION} animals-8"]


def test_a_champion_that_has_not_looked_at_all_pictures_names_the_command_for_that(
    page: AppTest, registry: RegistryStandIn
) -> None:
    registry.models.insert(0, model("animals-8"))
    registry.unembedded = 3
    page.session_state[KEPT_NAME] = "Ann"
    click(opened(page, "animals-8"), "Make it the champion")
    click(page, "Yes: make it the champion")
    assert "has not looked at 3 pictures of the library yet" in page.success[0].value
    assert command("menagerie index --version animals-8") in words(page)


def test_a_model_becomes_the_champion_after_a_second_question_under_a_name(
    page: AppTest, registry: RegistryStandIn
) -> None:
    registry.models.insert(0, model("animals-8"))
    click(opened(page, "animals-8"), "Make it the champion")
    assert not registry.changes
    assert "animals-8 will answer every question from then on" in words(page)
    page.text_input[0].set_value("Ann")
    click(page, "Go on")
    click(page, "Yes: make it the champion")
    (change,) = registry.changes
    assert (change.path, change.body) == ("/models/animals-8/promote", {"force": False, "by": "Ann"})
    assert "animals-8 is the champion" in page.success[0].value
    assert "Yes: make it the champion" not in buttons(page)


def test_a_worse_one_is_only_promoted_by_who_insists(
    page: AppTest, registry: RegistryStandIn, api: StandIn
) -> None:
    registry.models.insert(0, model("animals-8"))
    api.refuse("/models/animals-8/promote", 409, "worse_than_champion", "80 % against 90 %")
    click(opened(page, "animals-8"), "Make it the champion")
    page.text_input[0].set_value("Ann")
    click(page, "Go on")
    click(page, "Yes: make it the champion")
    assert "It does worse than the champion" in words(page)
    del api.broken["/models/animals-8/promote"]
    click(page, "Make it the champion all the same")
    assert registry.changes[0].body == {"force": True, "by": "Ann"}


def test_names_of_models_and_tasks_are_no_markdown(page: AppTest, registry: RegistryStandIn) -> None:
    before, other = "a*5*_x_", "![6](http://x.example/y)"
    registry.models.insert(0, model(other))
    registry.models.append(model("starter-1", "champion", task=":red[z]"))
    registry.promoted(before)
    registry.promoted(CHAMPION)
    page.run()
    assert plain(other) in buttons(page)
    assert page.segmented_control[0].options == ["animals", plain(":red[z]")]
    registry.changed = before
    click(page, f"Go back to {plain(before)}")
    page.text_input[0].set_value("Ann")
    click(page, "Go on")
    click(page, f"Yes: go back to {plain(before)}")
    assert page.success[0].value.startswith(plain(before))


def test_who_changes_their_mind_changes_nothing(page: AppTest, registry: RegistryStandIn) -> None:
    registry.models.insert(0, model("animals-8"))
    click(opened(page, "animals-8"), "Make it the champion")
    click(page, "Leave it as it is")
    assert "Make it the champion" in buttons(page)
    assert not registry.changes


def led(page: AppTest) -> list[str]:
    """The occasions of which the page leads somewhere now."""
    return re.findall(r'menagerieLead\("([^"]+)"', words(page))


def test_each_step_of_a_change_is_led_to_as_it_comes(
    page: AppTest, registry: RegistryStandIn, api: StandIn
) -> None:
    registry.models.insert(0, model("animals-8"))
    assert not led(opened(page, "animals-8"))
    met = [led(click(page, "Make it the champion"))]
    page.text_input[0].set_value("Ann")
    met.append(led(click(page, "Go on")))
    api.refuse("/models/animals-8/promote", 409, "worse_than_champion")
    met.append(led(click(page, "Yes: make it the champion")))
    met.append(led(click(page, "Leave it as it is")))
    assert not led(page.run())
    met.append(led(click(page, "Make it the champion")))
    del api.broken["/models/animals-8/promote"]
    met.append(led(click(page, "Yes: make it the champion")))
    assert not led(page.run())
    assert [len(one) for one in met] == [1] * 6
    assert len({*map(tuple, met)}) == 6, "an occasion that was there before leads nowhere"


def test_the_history_tells_who_did_what_and_leads_back(page: AppTest, registry: RegistryStandIn) -> None:
    registry.promoted("animals-5")
    registry.promoted("animals-6", by="<Eve>")
    registry.promoted("animals-6", by="Ann", kind="rolled_back")
    registry.promoted(CHAMPION)
    said = words(page.run())
    assert "<b>animals-6</b> was promoted by &lt;Eve&gt;" in said
    assert "<b>animals-6</b> was taken back by Ann" in said
    click(page, "Go back to animals-5")
    page.text_input[0].set_value("Ann")
    click(page, "Go on")
    click(page, "Yes: go back to animals-5")
    assert registry.changes[0].path == "/models/rollback"
    assert registry.changes[0].fields == {"task": "animals"}


def test_the_first_champion_has_nothing_to_go_back_to(page: AppTest, registry: RegistryStandIn) -> None:
    registry.promoted(CHAMPION)
    assert not [label for label in buttons(page.run()) if label.startswith("Go back")]


def test_what_it_is_asked_of_late_is_held_against_what_it_learnt(
    page: AppTest, registry: RegistryStandIn
) -> None:
    registry.answers, registry.distance = 400, 0.4
    said = words(page.run())
    assert "Most of all more lion: 90 % of the answers, 50 % of what it learnt from." in said
    assert "Half of its answers took less than 14 ms, 19 of 20 less than 40 ms." in said
    assert "of the library itself" not in said
    registry.distance = 0.05
    assert "about as frequent as in what it learnt from" in words(page.run())
    registry.answers, registry.distance = 40, None
    assert "38 of 40 answers named an animal: too few to say" in words(page.run())
    registry.answers = 0
    assert "Nobody asked animals-7 anything in these days." in words(page.run())


def test_questions_about_the_librarys_own_pictures_are_told_apart(
    page: AppTest, registry: RegistryStandIn
) -> None:
    registry.answers, registry.distance, registry.of_library = 400, 0.05, 1
    said = "One more question, about a picture of the library itself, does not count."
    assert said in words(page.run())
    registry.answers = 0
    assert "animals-7 was asked about pictures of the library alone" in words(page.run())


def test_a_report_is_shown_on_demand_with_no_rights_of_this_page(
    page: AppTest, registry: RegistryStandIn, api: StandIn
) -> None:
    registry.report = "<script>alert('hello')</script>"
    opened(page, CHAMPION)
    assert f"/models/{CHAMPION}/report" not in api.paths()
    page.toggle[0].set_value(True).run()
    (frame,) = page.get("iframe")
    shown = frame.proto.srcdoc
    assert 'sandbox="allow-scripts"' in shown
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_a_service_that_does_not_answer_is_said_with_a_way_to_try_again(page: AppTest, api: StandIn) -> None:
    api.refuse("/models", 503, "not_ready")
    assert "The service is still starting" in words(page.run())
    del api.broken["/models"]
    assert listed(click(page, "Try again")) == [CHAMPION]
