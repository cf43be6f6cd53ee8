"""Do two services of a compose file publish the same port?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from tests.images.compose import Compose

PORT = re.compile(r"(?:(?P<address>[0-9.]+|\[[0-9a-f:]+\]):)?(?P<published>\d+):(?P<inside>\d+)")
EVERYWHERE = ("0.0.0.0", "[::]")
HIGHEST = 65535


@dataclass(frozen=True)
class Published:
    """`address`: of this machine, at which the port is published."""

    service: str
    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.service} publishes {self.address}:{self.port}"


def find_collisions(compose: Compose) -> Iterator[str]:
    """Of all services, whatever their profiles: any of these may be chosen together."""
    every: list[Published] = []
    for name, service in compose.services.items():
        for told in service.ports:
            found = PORT.fullmatch(told)
            if found is None or not 0 < int(found["published"]) <= HIGHEST:
                yield f"{name} publishes {told!r}, which is not ADDRESS:PORT:PORT"
            else:
                every.append(Published(name, found["address"] or EVERYWHERE[0], int(found["published"])))
    yield from (f"{one}, and {other}" for one, other in combinations(every, 2) if _collide(one, other))


def _collide(one: Published, other: Published) -> bool:
    addresses = {one.address, other.address}
    return one.port == other.port and (len(addresses) == 1 or not addresses.isdisjoint(EVERYWHERE))
