"""Does all exist that the services of a compose file name?"""

from collections.abc import Iterator, Set
from pathlib import Path

from tests.images.compose import Compose, Service, final_stage

HEALTHY, COMPLETED, STARTED = "service_healthy", "service_completed_successfully", "service_started"
ALWAYS = ""  # the profile of what has none
Named = list[tuple[str, str]]  # a service, and what it names


def find_dangling(compose: Compose, folder: Path) -> Iterator[str]:
    """`folder`: what relative paths begin at."""
    services = compose.services.items()
    mounts = [(name, volume.partition(":")[0]) for name, service in services for volume in service.volumes]
    paths = [(name, source) for name, source in mounts if _is_path(source)]
    volumes = [(name, source) for name, source in mounts if not _is_path(source)]
    yield from _unmatched("volume", volumes, compose.volumes.keys())
    yield from _unmatched("secret", [(n, x) for n, s in services for x in s.secrets], compose.secrets.keys())
    yield from _unmatched("config", [(n, x) for n, s in services for x in s.configs], compose.configs.keys())
    yield from _unmatched(
        "network", [(n, x) for n, s in services for x in s.networks], compose.networks.keys()
    )
    files = [(name, given.file) for name, given in [*compose.secrets.items(), *compose.configs.items()]]
    for name, path in [*paths, *files]:
        if not (folder / Path(path).expanduser()).exists():
            yield f"{name} needs {path}, which is not there"
    for name, service in services:
        yield from _unbuildable(name, service, folder)
        yield from _unmet(name, service, compose, folder)


def _is_path(source: str) -> bool:
    """An engine takes what begins otherwise for the name of a volume."""
    return source.startswith((".", "/", "~"))


def _unmatched(kind: str, named: Named, there: Set[str]) -> Iterator[str]:
    yield from (
        f"{name} uses the {kind} {used}, which is not defined" for name, used in named if used not in there
    )
    yield from (f"no service uses the {kind} {left}" for left in sorted(there - {used for _, used in named}))


def _unbuildable(name: str, service: Service, folder: Path) -> Iterator[str]:
    if service.build and not (folder / service.build.context / service.build.dockerfile).is_file():
        yield f"{name} is built by {service.build.dockerfile}, which is not there"


def _unmet(name: str, service: Service, compose: Compose, folder: Path) -> Iterator[str]:
    """What a service waits for must be there, in every profile that the service is in, and may come true."""
    for other, dependency in service.depends_on.items():
        waits = f"{name} waits for {other}"
        if other not in compose.services:
            yield f"{waits}, which is no service"
            continue
        awaited = compose.services[other]
        always = not awaited.profiles or set(service.profiles or [ALWAYS]) <= set(awaited.profiles)
        if dependency.required and not always:
            yield f"{waits}, which only the profile {awaited.profiles[0]} starts: say required: false"
        if dependency.condition == HEALTHY and not _tells_health(awaited, folder):
            yield f"{waits} to be healthy, which has no health check"
        if dependency.condition == COMPLETED and awaited.restart not in ("no", "on-failure"):
            yield f"{waits} to complete, which is started again whenever it does"
        if dependency.condition not in (HEALTHY, COMPLETED):
            yield f"{waits} by {dependency.condition}, which no health check backs"


def _tells_health(service: Service, folder: Path) -> bool:
    if service.healthcheck is not None:
        return not service.healthcheck.disable and bool(service.healthcheck.test)
    build = service.build
    return build is not None and "HEALTHCHECK" in dict(final_stage(build.dockerfile, folder))
