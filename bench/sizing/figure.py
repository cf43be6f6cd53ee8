"""A row with no bar: what something costs is neither good nor bad."""

from bench.report import Row


def figure(what: str, value: float, unit: str) -> Row:
    return Row(what, value, unit, 0, "higher")
