"""Is anything wrong with docker-compose.yml, .env.example, or one's own .env? Found with no engine.

python -m tests.images.compose_check
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import ValidationError

from tests.images.compose import FILE, PROFILES, PROJECT, Compose, chosen_profiles, read_compose
from tests.images.compose_ports import find_collisions
from tests.images.compose_references import find_dangling, find_unused
from tests.images.compose_settings import find_refused
from tests.images.compose_values import find_wrong_values
from tests.images.interpolation import (
    BadReference,
    find_interpolated,
    find_unreadable,
    read_examples,
    read_settings,
    references,
)

EXAMPLE = ".env.example"


def find_problems(folder: Path = PROJECT) -> list[str]:
    """Each in one sentence; none where all is well. `folder` holds the compose file and what it names."""
    return [*_breaches_of_the_specification(folder / FILE), *find_faults(folder)]


def find_faults(folder: Path) -> list[str]:
    """Those that the specification has nothing to say of."""
    outside, unreadable, dollars = _read_own(folder / ".env")
    text, told = (folder / FILE).read_text("utf-8"), read_examples(folder / EXAMPLE)
    try:
        of_engines = find_wrong_values({reference.name for reference in references(text)}, outside)
        wrong = dict(of_engines) | dollars
        # Each is told once: as to the rest, the default holds in its place.
        right = {name: value for name, value in outside.items() if name not in wrong}
        compose = read_compose(right, folder)
    except (BadReference, ValidationError, yaml.YAMLError) as error:
        return [f"{FILE}: {error}"]
    return [
        *unreadable,
        *wrong.values(),
        *_undocumented(text, compose, told, outside),
        *_unknown_profiles(compose, right),
        *find_collisions(compose),
        *find_dangling(compose, folder),
        *find_unused(read_compose({}, folder)),
        *find_refused(compose, right, folder),
    ]


def _read_own(path: Path) -> tuple[dict[str, str], list[str], dict[str, str]]:
    """What one's own .env sets, what is wrong with lines of it, and with the values of variables."""
    if not path.is_file():
        return {}, [], {}
    return read_settings(path), list(find_unreadable(path)), dict(find_interpolated(path))


def _breaches_of_the_specification(path: Path) -> Iterator[str]:
    """By the JSON schema of the compose specification, which check-jsonschema carries."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        yield f"{FILE} is not as the compose specification says: {(done.stdout + done.stderr).strip()}"


def _undocumented(
    text: str, compose: Compose, told: dict[str, str], outside: dict[str, str]
) -> Iterator[str]:
    """What .env.example leaves out, adds or says wrongly, and what one's own .env sets in vain."""
    defaults = {reference.name: reference.default for reference in references(text)}
    passed_on = {
        name
        for service in compose.services.values()
        for name, value in service.environment.items()
        if value is None
    }
    used = defaults.keys() | passed_on | {PROFILES}
    yield from (
        f"{EXAMPLE} does not tell of {name}, which {FILE} uses" for name in sorted(used - told.keys())
    )
    yield from (
        f"{EXAMPLE} tells of {name}, which {FILE} does not use" for name in sorted(told.keys() - used)
    )
    yield from (f".env sets {name}, which {FILE} does not use" for name in sorted(outside.keys() - used))
    for name, default in sorted(defaults.items()):
        if default is not None and told.get(name, default) != default:
            yield f"{EXAMPLE} says {name}={told[name]}, but in {FILE} it is {default} by itself"


def _unknown_profiles(compose: Compose, outside: dict[str, str]) -> Iterator[str]:
    """An engine says nothing of a profile that no service has: it starts none for it."""
    there = {profile for service in compose.services.values() for profile in service.profiles}
    for name in sorted(chosen_profiles(outside) - there - {"*"}):
        yield f".env chooses the profile {name}, which no service has: {', '.join(sorted(there))} are there"


def main() -> None:
    problems = find_problems()
    if problems:
        sys.exit("\n".join(f"error: {problem}" for problem in problems))
    sys.stdout.write(f"{FILE} and {EXAMPLE}: {len(read_compose().services)} services, nothing wrong\n")


if __name__ == "__main__":
    main()
