"""The tables of docs/scaling.md.

python -m docs.scaling            # prints them
python -m docs.scaling --write    # puts them into the document
"""

import sys
from pathlib import Path

from docs.scaling import billion, galleries, library, limits, serving, trials
from docs.scaling.costs import Costs, read_costs
from docs.scaling.markdown import Table, number, with_tables

DOCUMENT = Path(__file__).parents[1] / "scaling.md"


def tables(costs: Costs) -> dict[str, Table]:
    return {
        "costs": costs_table(costs),
        "trials": trials.trials_table(costs),
        "load": serving.load_table(costs),
        "dealing": serving.dealing_table(costs),
        "requests": serving.requests_table(costs),
        "gallery": galleries.gallery_table(costs),
        "search": galleries.search_table(costs),
        "billion": billion.billion_table(costs),
        "library": library.library_table(costs),
        "limits": limits.limits_table(costs),
        "machines": limits.machines_table(costs),
    }


def costs_table(costs: Costs) -> Table:
    """All but the twenty parts of one distribution, and what the trials measured."""
    shown = [
        cost for cost in costs if ", quantile" not in cost.what and " of the cores' time, " not in cost.what
    ]
    rows = [[c.what, f"{number(c.value, 3)} {c.unit}".strip(), c.source, c.date] for c in shown]
    return Table(["what", "measured", "by", "on"], rows)


def main() -> None:
    made = tables(read_costs())
    if sys.argv[1:] == ["--write"]:
        text = with_tables(DOCUMENT.read_text(encoding="utf-8"), made)
        DOCUMENT.write_text(text, encoding="utf-8")
    else:
        sys.stdout.writelines(f"{name}\n\n{table}\n\n" for name, table in made.items())


if __name__ == "__main__":
    main()
