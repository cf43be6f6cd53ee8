"""`${VARIABLES}` of a compose file, and the files that set or tell of them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# ${NAME}, ${NAME-default}, ${NAME:-default}; $$ is a dollar sign.
REFERENCE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::?-(?P<default>[^{}]*))?\})")
EXAMPLE = re.compile(r"(?:# )?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")
# As engines take it: with `export`, and with spaces around the name.
SETTING = re.compile(r"\s*(?:export\s+)?(?P<name>\w+)\s*=(?P<value>.*)", re.ASCII)
NOTHING = re.compile(r"\s*(?:#.*)?")
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


def read_examples(path: Path) -> dict[str, str]:
    """The lines NAME=value of .env.example, most of which are commented out."""
    return _values(EXAMPLE.fullmatch(line) for line in path.read_text("utf-8").splitlines())


def read_settings(path: Path) -> dict[str, str]:
    """The lines NAME=value of one's own .env."""
    return _values(SETTING.fullmatch(line) for line in path.read_text("utf-8").splitlines())


def find_unreadable(path: Path) -> Iterator[str]:
    """Lines of one's own .env that set nothing, and are no comment either."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not SETTING.fullmatch(line) and not NOTHING.fullmatch(line):
            yield f"{path.name}, line {number}, is not NAME=value"


def find_interpolated(path: Path) -> Iterator[tuple[str, str]]:
    """Each variable of one's own .env in whose value an engine would put something else, and a sentence that
    says so without the value, which may be a password."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        setting = SETTING.fullmatch(line)
        if setting and "$" in _uninterpolated(setting["value"]).replace("$$", ""):
            yield (
                setting["name"],
                f"{path.name}, line {number}: in {setting['name']} an engine takes `$` and what is behind it "
                "for a variable; say $$ for a dollar sign, or put the value into single quotes",
            )


def _values(lines: Iterable[re.Match[str] | None]) -> dict[str, str]:
    return {line["name"]: _bare(line["value"]) for line in lines if line}


def _bare(value: str) -> str:
    """As an engine takes what stands behind `NAME=`."""
    return _uninterpolated(value).replace("$$", "$")


def _uninterpolated(value: str) -> str:
    """The same before an engine puts variables in: a dollar sign that begins none is doubled."""
    quoted = QUOTED.fullmatch(value)
    if quoted is None:
        return COMMENT.sub("", value).strip()
    literal = "$" if quoted["quote"] == "'" else r"\$"
    return quoted["value"].replace(literal, "$$")


def _references(text: str) -> list[re.Match[str]]:
    rest = REFERENCE.sub("", text)
    if "$" in rest:
        here = rest[rest.index("$") :].splitlines()[0]
        raise BadReference(f"{here!r} is no reference: say ${{NAME}} or ${{NAME:-default}}")
    return list(REFERENCE.finditer(text))
