"""`${VARIABLES}` of a compose file, and the files that set or tell of them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# ${NAME}, ${NAME-default}, ${NAME:-default}; $$ is a dollar sign.
REFERENCE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::?-(?P<default>[^{}]*))?\})")
SETTING = re.compile(r"(?:# )?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")
# A value in quotes ends with them; another one where a comment begins.
QUOTED = re.compile(r"""\s*(?P<quote>['"])(?P<value>.*?)(?P=quote)\s*(?:#.*)?""")
COMMENT = re.compile(r"(?:^|\s+)#.*")


class BadReference(Exception):
    """A `$` that begins none of the references that are used here."""


@dataclass(frozen=True)
class Reference:
    """`default`: what holds where nobody sets it; None where that is nothing."""

    name: str
    default: str | None


def references(text: str) -> Iterator[Reference]:
    """Raises BadReference where there is another kind, such as ${NAME:?} or $NAME."""
    for found in _references(text):
        if found["name"]:
            yield Reference(found["name"], found["default"])


def interpolate(text: str, outside: Mapping[str, str]) -> str:
    """`text` as an engine reads it where `outside` is set; what is set to nothing has its default."""
    _references(text)
    return REFERENCE.sub(
        lambda found: "$" if found["dollar"] else outside.get(found["name"]) or found["default"] or "", text
    )


def read_settings(path: Path, *, examples: bool) -> dict[str, str]:
    """The lines NAME=value of a .env file; with `examples`, those that are commented out too."""
    found: dict[str, str] = {}
    for line in path.read_text("utf-8").splitlines():
        matched = SETTING.fullmatch(line)
        if matched and (examples or not line.startswith("#")):
            found[matched["name"]] = _bare(matched["value"])
    return found


def _bare(value: str) -> str:
    """As an engine takes what stands behind `NAME=`."""
    quoted = QUOTED.fullmatch(value)
    return quoted["value"] if quoted else COMMENT.sub("", value).strip()


def _references(text: str) -> list[re.Match[str]]:
    rest = REFERENCE.sub("", text)
    if "$" in rest:
        here = rest[rest.index("$") :].splitlines()[0]
        raise BadReference(f"{here!r} is no reference: say ${{NAME}} or ${{NAME:-default}}")
    return list(REFERENCE.finditer(text))
