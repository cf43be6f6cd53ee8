"""What was measured, with its unit, by what, and when: costs.json beside this file.

python -m docs.scaling.costs bench/results/sizing.json    # takes over what a benchmark has measured anew
"""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

FILE = Path(__file__).with_name("costs.json")
SIZING = "bench.sizing"


class UnknownCost(Exception):
    """Nobody has measured that."""


@dataclass(frozen=True)
class Cost:
    """One figure; `source`: the benchmark that measures it, or the publication that tells it."""

    what: str
    value: float
    unit: str
    source: str
    date: str


class Costs:
    """Figures by what they are of."""

    def __init__(self, costs: Iterable[Cost]) -> None:
        self._costs = {cost.what: cost for cost in costs}

    def __iter__(self) -> Iterator[Cost]:
        return iter(self._costs.values())

    def __getitem__(self, what: str) -> float:
        """The figure in its unit.

        Raises:
            UnknownCost: there is none.
        """
        if what not in self._costs:
            raise UnknownCost(f"{FILE.name} has no cost {what!r}; run: python -m bench.sizing")
        return self._costs[what].value


def read_costs(file: Path = FILE) -> Costs:
    return Costs(Cost(**entry) for entry in json.loads(file.read_text(encoding="utf-8")))


def write_costs(costs: Iterable[Cost], file: Path = FILE) -> None:
    entries = [asdict(cost) for cost in costs]
    file.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def take_over(costs: Costs, results: Path) -> list[Cost]:
    """The costs with the values that a benchmark's results have for them, and what only `bench.sizing`
    measures besides. Figures keep four digits."""
    told = json.loads(results.read_text(encoding="utf-8"))
    measured = {row["what"]: row for row in told["rows"]}
    date = told["measured_at"][:10]
    kept = [
        replace(cost, value=_rounded(measured[cost.what]["value"]), date=date)
        if cost.what in measured
        else cost
        for cost in costs
    ]
    known = {cost.what for cost in kept}
    if told["name"] == "sizing":
        kept += [
            Cost(what, _rounded(row["value"]), row["unit"], SIZING, date)
            for what, row in measured.items()
            if what not in known
        ]
    return kept


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        write_costs(take_over(read_costs(), Path(argument)))
