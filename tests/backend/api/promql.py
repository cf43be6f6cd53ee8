"""As much of PromQL as tells which series and labels an expression needs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
SELECTOR = re.compile(r"(?<![\w.])(?P<name>[a-zA-Z_:][\w:]*)(?P<matchers>\{[^}]*\})?(?P<call>\s*\()?")
MATCHER = re.compile(r'(?P<label>\w+)\s*(?:=~|!~|!=|=)\s*"(?P<value>[^"]*)"')
OPERATORS = ("and", "or", "unless", "bool", "offset")
RANGE = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True)
class Selector:
    """A series that an expression reads, and by which labels, each with the pattern asked for."""

    name: str
    matchers: tuple[tuple[str, str], ...]


def selectors(expression: str) -> Iterator[Selector]:
    for found in SELECTOR.finditer(GROUPING.sub(" ", RANGE.sub("", expression))):
        if not found["call"] and found["name"] not in OPERATORS:
            yield Selector(found["name"], tuple(MATCHER.findall(found["matchers"] or "")))


def grouped_by(expression: str) -> set[str]:
    """The labels that it sums or matches by."""
    return {label.strip() for labels in GROUPING.findall(expression) for label in labels.split(",")}
