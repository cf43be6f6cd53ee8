"""A report as people see it: in Chromium, with no network."""

from pathlib import Path

import pytest

from tests.browser import chromium
from tests.drawing import draw_greys, picture
from tests.training.reporting.conftest import Reporter
from training.reporting.writing import write_report

pytestmark = pytest.mark.browser
LONG = ("<img src=x onerror=alert(1)>" + "w" * 80, "green", "blue")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_is_drawn_without_a_network_and_fits_the_screen(
    report_on: Reporter, tmp_path: Path, width: int, scheme: str
) -> None:
    history = [{"epoch": n, "train_loss": 1.0, "val_loss": 1.0} for n in range(3)]
    unknown = draw_greys(tmp_path / "unknown", 2)
    (unknown / ("<b>" + "w" * 80 + ".jpg")).write_bytes(picture("red"))
    report = report_on(LONG, unknown=unknown, training={"history": history})
    page_path = write_report(report, tmp_path / "report").page
    told: list[str] = []
    with chromium() as browser:
        page = browser.new_page(
            viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
        )
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("dialog", lambda dialog: told.append(dialog.message))
        page.on("request", lambda request: told.append(request.url))
        page.goto(page_path.as_uri())
        page.wait_for_function("document.querySelectorAll('.plot .main-svg').length >= 9")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.locator(".plot text", has_text="<img src=x").count() > 0
    assert [one for one in told if not one.startswith("data:")] == [page_path.as_uri()]


def test_on_a_phone_nothing_is_cut_off_of_short_labels(report_on: Reporter, tmp_path: Path) -> None:
    page_path = write_report(report_on(), tmp_path / "report").page
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.goto(page_path.as_uri())
        hidden = "all => all.filter(one => one.scrollWidth > one.clientWidth).length"
        assert page.locator(".scroll").count() >= 8
        assert page.locator(".scroll").evaluate_all(hidden) == 0
