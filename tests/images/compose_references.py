"""Does all exist that the services of a compose file name?"""

from collections.abc import Iterator, Set
from pathlib import Path

from tests.images.compose import Compose, Service, final_stage

HEALTHY, COMPLETED, STARTED = "service_healthy", "service_completed_successfully", "service_started"
ALWAYS = ""  # the profile of what has none
Named = list[tuple[str, str]]  # a service, and what it names


def find_dangling(compose: Compose, folder: Path) -> Iterator[str]:
    """`folder`: what relative paths begin at."""
    for kind, named, there in _resources(compose):
        yield from (
            f"{name} uses the {kind} {used}, which is not defined"
            for name, used in named
            if used not in there
        )
    paths = [(name, source) for name, source in _mounts(compose) if _is_path(source)]
    files = [(name, given.file) for name, given in [*compose.secrets.items(), *compose.configs.items()]]
    for name, path in [*paths, *files]:
        if not (folder / Path(path).expanduser()).exists():
            yield f"{name} needs {path}, which is not there"
    for name, service in compose.services.items():
        yield from _unbuildable(name, service, folder)
        yield from _unmet(name, service, compose, folder)


def find_unused(compose: Compose) -> Iterator[str]:
    """What is defined for nothing, where nobody sets anything: a folder may stand in for a volume."""
    for kind, named, there in _resources(compose):
        yield from (
            f"no service uses the {kind} {left}" for left in sorted(there - {used for _, used in named})
        )


def _resources(compose: Compose) -> list[tuple[str, Named, Set[str]]]:
    """What services name, a kind each, and what is defined of it."""
    services = compose.services.items()
    volumes = [(name, source) for name, source in _mounts(compose) if not _is_path(source)]
    return [
        ("volume", volumes, compose.volumes.keys()),
        ("secret", [(n, x) for n, s in services for x in s.secrets], compose.secrets.keys()),
        ("config", [(n, x) for n, s in services for x in s.configs], compose.configs.keys()),
        ("network", [(n, x) for n, s in services for x in s.networks], compose.networks.keys()),
    ]


def _mounts(compose: Compose) -> Named:
    return [
        (name, volume.partition(":")[0])
        for name, service in compose.services.items()
        for volume in service.volumes
    ]


def _is_path(source: str) -> bool:
    """An engine takes what begins otherwise for the name of a volume."""
    return source.startswith((".", "/", "~"))


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
