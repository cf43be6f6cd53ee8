"""What deploy/monitoring asks of the service is what the service tells."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from backend.api.app import create_app
from backend.api.label_drift import distance_by_chance
from databases.settings import PROJECT
from tests.backend.api.conftest import TASK, Library
from tests.backend.api.promql import grouped_by, selectors
from tests.backend.api.test_label_drift import PRIOR, VERSION
from tests.backend.api.test_observed import ask
from tests.drawing import picture
from tests.tiny_bundle import write_manifest

MONITORING = PROJECT / "deploy" / "monitoring"
BY_PROMETHEUS = {"job", "instance"}  # which it adds to all that it collects
# One route's pattern may name several.
ALTERNATIVES = "|"


def read(name: str) -> Any:
    return yaml.safe_load((MONITORING / name).read_text("utf-8"))


def rules() -> list[dict[str, Any]]:
    return [rule for group in read("rules.yml")["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    return dict(json.loads((MONITORING / "grafana" / "dashboards" / "menagerie.json").read_text("utf-8")))


def expressions() -> list[str]:
    shown = [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    return [rule["expr"] for rule in rules()] + shown


@pytest.fixture
def service(small_library: Library) -> Iterator[TestClient]:
    """One that has answered, and whose model knows what it learnt from."""
    write_manifest(small_library.bundles / VERSION, VERSION, TASK, {"label_prior": PRIOR})
    with TestClient(create_app(small_library.settings)) as client:
        ask(client, picture("red"))
        yield client


@pytest.fixture
def series(service: TestClient) -> dict[str, set[str]]:
    """The labels of each series that Prometheus has then."""
    told = {"up": BY_PROMETHEUS}
    for family in text_string_to_metric_families(service.get("/metrics").text):
        for sample in family.samples:
            told.setdefault(sample.name, set(BY_PROMETHEUS)).update(sample.labels)
    for rule in rules():
        if "record" in rule:
            told[rule["record"]] = grouped_by(rule["expr"]) | {"job", "instance", "version"}
    return told


def test_every_series_and_label_of_the_rules_and_the_dashboard_is_told(series: dict[str, set[str]]) -> None:
    asked = expressions()
    assert len(asked) > len(rules())
    for expression in asked:
        found = list(selectors(expression))
        assert found, expression
        for selector in found:
            assert selector.name in series, f"nobody tells {selector.name}, asked for in {expression}"
            for label, _ in selector.matchers:
                assert label in series[selector.name], f"{selector.name} has no label {label}"
        known = set().union(*(series[selector.name] for selector in found))
        assert grouped_by(expression) <= known, expression


def test_every_route_that_is_asked_for_is_one(service: TestClient) -> None:
    routes = service.get("/openapi.json").json()["paths"].keys()
    for expression in expressions():
        for selector in selectors(expression):
            for route in dict(selector.matchers).get("route", "/predict").split(ALTERNATIVES):
                assert route in routes


def test_alerts_tell_what_has_happened_how_bad_it_is_and_what_to_do() -> None:
    alerts = [rule for rule in rules() if "alert" in rule]
    assert len({rule["alert"] for rule in alerts}) == len(alerts) > 0
    for rule in alerts:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def test_every_alert_is_tried_where_it_must_come_and_where_it_must_not() -> None:
    tried = [each for case in read("rules_test.yml")["tests"] for each in case["alert_rule_test"]]
    named = {rule["alert"] for rule in rules() if "alert" in rule}
    assert {each["alertname"] for each in tried if each["exp_alerts"]} == named
    assert {each["alertname"] for each in tried if not each["exp_alerts"]} == named


def test_the_rules_reckon_with_chance_as_the_service_does() -> None:
    (expected,) = [
        each["exp_samples"][0]["value"]
        for case in read("rules_test.yml")["tests"]
        for each in case.get("promql_expr_test", [])
        if "by_chance" in each["expr"]
    ]
    assert expected == pytest.approx(distance_by_chance(labels=3, answers=100), abs=5e-5)


def test_the_dashboards_panels_ask_the_source_that_is_provided_and_do_not_overlap() -> None:
    (source,) = read("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    panels = dashboard()["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        if "targets" in panel:
            assert {target["datasource"]["uid"] for target in panel["targets"]} == {source["uid"]}
        place = panel["gridPos"]
        cells = {
            (place["x"] + across, place["y"] + down)
            for across in range(place["w"])
            for down in range(place["h"])
        }
        assert taken.isdisjoint(cells), panel["title"]
        assert max(x for x, _ in cells) < 24  # Grafana's columns
        taken |= cells


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", "--syntax-only", "prometheus.yml"),
        ("check", "rules", "rules.yml"),
        ("test", "rules", "rules_test.yml"),
    ],
    ids=" ".join,
)
def test_promtool_agrees(arguments: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        assert not os.environ.get("MENAGERIE_PROMTOOL"), "promtool is not installed"
        pytest.skip("promtool is not here; Debian has it in the package prometheus")
    done = subprocess.run(
        [promtool, *arguments], cwd=Path(MONITORING), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
