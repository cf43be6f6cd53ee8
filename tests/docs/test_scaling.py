"""The document on scaling holds what is computed, and that is computed from what was measured."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from docs.scaling import library
from docs.scaling.__main__ import DOCUMENT, tables
from docs.scaling.costs import Cost, Costs, UnknownCost, read_costs, take_over
from docs.scaling.galleries import cores
from docs.scaling.library import by_hash
from docs.scaling.machines import SMALL
from docs.scaling.markdown import Table, duration, number, size, with_tables
from docs.scaling.serving import PREDICT, quantiles
from docs.scaling.trials import simulated
from training import probe

MEASURED = Cost("a picture sent", 12.0, "kB", "bench.sizing", "2026-11-28")


def test_the_documents_tables_are_those_that_are_computed() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert with_tables(document, tables(read_costs())) == document, "run: python -m docs.scaling --write"


def test_the_parts_of_a_cost_have_its_mean() -> None:
    costs = read_costs()
    assert 1000 * quantiles(costs).mean() == pytest.approx(costs[PREDICT], rel=0.05)


def test_more_requests_take_longer() -> None:
    costs = read_costs()
    rate = 2000 / costs[PREDICT]
    slow = [simulated(costs, load * rate).quantile(0.95) for load in (0.2, 0.5, 0.9)]
    assert slow == sorted(slow)


def test_what_was_tried_takes_as_long_as_it_took() -> None:
    costs = read_costs()
    for hashes in (100_000, 200_000):
        assert by_hash(costs, hashes) == pytest.approx(costs[f"{hashes:,} hashes compared, a core's time"])


def test_the_probe_is_fitted_as_often_as_training_does_it() -> None:
    assert (len(probe.STRENGTHS), probe.FOLDS) == (library.STRENGTHS, library.FOLDS)
    costs = read_costs()
    assert library.fitted(costs, library.LEARNT_FROM) == pytest.approx(21 * costs[library.FITTED_S])


@pytest.mark.parametrize(
    ("busy", "told"), [(0.1, "1 core"), (42.4, "85 cores"), (216.4, "430 cores"), (1e4, "20,000 cores")]
)
def test_cores_have_two_digits_that_count_too(busy: float, told: str) -> None:
    assert cores(busy) == told


def test_many_more_pictures_take_the_square_of_the_time_to_compare() -> None:
    costs = read_costs()
    assert by_hash(costs, 2 * 10**9) == pytest.approx(4 * by_hash(costs, 10**9), rel=0.01)


def test_what_nobody_measured_is_named() -> None:
    with pytest.raises(UnknownCost, match="a picture lost"):
        Costs([MEASURED])["a picture lost"]


def test_a_benchmarks_results_take_the_place_of_older_ones(tmp_path: Path) -> None:
    published = Cost("memory", 64.0, "GB", "a paper", "2019-12-08")
    rows = [
        {"what": "a picture sent", "value": 13.24567, "unit": "kB"},
        {"what": "a row", "value": 400, "unit": "bytes"},
    ]
    results = tmp_path / "sizing.json"
    told = {"name": "sizing", "measured_at": "2026-12-01T10:00:00+00:00", "rows": rows}
    results.write_text(json.dumps(told), encoding="utf-8")
    assert [asdict(cost) for cost in take_over(Costs([MEASURED, published]), results)] == [
        asdict(MEASURED) | {"value": 13.25, "date": "2026-12-01"},
        asdict(published),
        asdict(Cost("a row", 400.0, "bytes", "bench.sizing", "2026-12-01")),
    ]


def test_other_benchmarks_add_nothing(tmp_path: Path) -> None:
    results = tmp_path / "gallery.json"
    row = {"what": "recall", "value": 1, "unit": ""}
    told = {"name": "gallery", "measured_at": "2026-12-01T10:00:00+00:00", "rows": [row]}
    results.write_text(json.dumps(told), encoding="utf-8")
    assert take_over(Costs([MEASURED]), results) == [MEASURED]


def test_a_table_takes_the_place_of_the_one_before() -> None:
    document = "# Of this\n<!-- one -->\n| old |\n<!-- end -->\nand that\n"
    told = with_tables(document, {"one": Table(["a", "b"], [["1", "2"]])})
    assert told == "# Of this\n<!-- one -->\n| a | b |\n| --- | --- |\n| 1 | 2 |\n<!-- end -->\nand that\n"


def test_a_table_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="two"):
        with_tables("<!-- one -->\n<!-- end -->\n", {"two": Table(["a"], [])})


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (number(0.01234), "0.012"),
        (number(12345, 3), "12,300"),
        (number(9.96), "10"),
        (number(1.5), "1.5"),
        (number(0), "0"),
        (size(1_357e6), "1.4 GB"),
        (size(999), "1,000 bytes"),
        (duration(0.0123), "12 ms"),
        (duration(90), "1.5 min"),
        (duration(86_400 * 800), "2.2 years"),
    ],
)
def test_figures_have_two_digits_that_count(told: str, expected: str) -> None:
    assert told == expected


@pytest.mark.parametrize(
    ("needs", "machines"), [({}, 1), ({"cores": 4.0}, 1), ({"cores": 5}, 2), ({"memory": 45e9}, 3)]
)
def test_there_are_as_many_machines_as_what_is_scarcest_takes(needs: dict[str, float], machines: int) -> None:
    assert SMALL.holding(**needs) == machines
