"""Are the values of one's own .env such as an engine takes them?

What it passes on to the programs is compose_settings' to look at.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from tests.images.compose_ports import HIGHEST

SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?) ?(?P<unit>[kmgt]?)i?b?", re.IGNORECASE)
UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
LEAST_MEMORY = 6 * 2**20  # Docker starts no container with less
TIME = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
RETENTION = re.compile(r"(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?")
# REGISTRY:PORT/PATH/NAME:TAG@DIGEST, of which the name alone is needed.
IMAGE = re.compile(
    r"(?:[a-zA-Z0-9.-]+(?::\d+)?/)?[a-z0-9._-]+(?:/[a-z0-9._-]+)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
HOST = re.compile(r"\*|(?:\*\.)?[\w.-]+|[0-9a-fA-F]*(?::[0-9a-fA-F]*){2,7}")  # without a port


def seconds(text: str) -> int | None:
    """Of a time such as 1m30s; None where it is none."""
    found = TIME.fullmatch(text)
    if found is None or not text:
        return None
    return sum(int(part or 0) * unit for part, unit in zip(found.groups(), (3600, 60, 1), strict=True))


def _bytes(text: str) -> float | None:
    found = SIZE.fullmatch(text)
    return None if found is None else float(found["number"]) * UNITS[found["unit"].lower()]


def _is_memory(text: str) -> bool:
    size = _bytes(text)
    return size is not None and (size == 0 or size >= LEAST_MEMORY)


def _is_share(text: str) -> bool:
    size = _bytes(text)
    return size is not None and size > 0


def _is_cores(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) <= HIGHEST


def _is_address(text: str) -> bool:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return (ip_address(bare).version == 6) == (bare != text)
    except ValueError:
        return False


def _are_hosts(text: str) -> bool:
    return all(HOST.fullmatch(one) for one in text.split())


@dataclass(frozen=True)
class Rule:
    """`names`: of the variables that it is for. `allowed`: what such a value may be."""

    names: re.Pattern[str]
    holds: Callable[[str], object]
    allowed: str


RULES = (
    Rule(re.compile(r".+_PORT"), _is_port, f"a port is a whole number from 1 to {HIGHEST}"),
    Rule(
        re.compile(r".+_MEMORY"), _is_memory, "say how much, such as 512m or 3g, 6m at least; 0 for no limit"
    ),
    Rule(re.compile(r".+_SHM"), _is_share, "say how much, such as 512m or 3g"),
    Rule(re.compile(r".+_CPUS"), _is_cores, "say how many cores, such as 2 or 0.5; 0 for all of them"),
    Rule(
        re.compile(r".+_GRACE"), lambda text: seconds(text) is not None, "say how long, such as 40s or 1m30s"
    ),
    Rule(re.compile(r".+_RETENTION"), RETENTION.fullmatch, "say how long, such as 30d or 12h"),
    Rule(re.compile(r".+_IMAGE"), IMAGE.fullmatch, "an image is NAME:TAG, or NAME:TAG@sha256:DIGEST"),
    Rule(re.compile(r".+_TAG"), TAG.fullmatch, "a tag is of letters, digits, '_', '.' and '-', 128 at most"),
    Rule(re.compile(r"UI_HOSTS"), _are_hosts, "say names without ports, separated by spaces, or * for any"),
    Rule(
        re.compile(r"MENAGERIE_BIND"), _is_address, "say an IP address, such as 127.0.0.1, 0.0.0.0 or [::1]"
    ),
)


def rule_of(name: str) -> Rule | None:
    """By which an engine takes a variable's value; None where any will do."""
    return next((rule for rule in RULES if rule.names.fullmatch(name)), None)


def find_wrong_values(interpolated: set[str], outside: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each wrong variable, and what is wrong with it. `interpolated`: those that the compose file itself
    holds, for which an engine has a default where they are set to nothing."""
    for name in sorted(interpolated & outside.keys()):
        rule, value = rule_of(name), outside[name]
        if rule is not None and value and not rule.holds(value):
            yield name, f"{name}={value!r}: {rule.allowed}"
