"""The objects of deploy/kubernetes, by what the tests ask of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.kubernetes.composing import Tree, build

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "deploy" / "kubernetes"
KUSTOMIZATIONS = ("base", "overlays/example", "overlays/gpu")


@dataclass(frozen=True)
class Pod:
    """What an object makes pods from. `owner`: its kind and name."""

    owner: str
    labels: Mapping[str, str]
    spec: Tree

    @property
    def container(self) -> Tree:
        (only,) = self.spec["containers"]
        assert isinstance(only, dict)
        return only

    @property
    def ports(self) -> dict[str, int]:
        """The container's ports by name."""
        return {port["name"]: port["containerPort"] for port in self.container.get("ports", [])}

    def is_chosen_by(self, selector: Mapping[str, str]) -> bool:
        return selector.items() <= self.labels.items()


@dataclass(frozen=True)
class Objects:
    """All of a kustomization."""

    all: tuple[Tree, ...]

    def of(self, kind: str) -> dict[str, Tree]:
        """Those of a kind, by name."""
        return {one["metadata"]["name"]: one for one in self.all if one["kind"] == kind}

    @property
    def pods(self) -> list[Pod]:
        return [pod for one in self.all for pod in _pods(one)]

    def pod(self, owner: str) -> Pod:
        (found,) = [pod for pod in self.pods if pod.owner == owner]
        return found

    def chosen_by(self, selector: Mapping[str, str]) -> list[Pod]:
        return [pod for pod in self.pods if pod.is_chosen_by(selector)]

    def environment(self, pod: Pod) -> dict[str, str]:
        """What a pod's container is told, but for what comes from secrets and from the pod itself."""
        settings: dict[str, str] = {}
        for source in pod.container.get("envFrom", []):
            settings |= self.of("ConfigMap")[source["configMapRef"]["name"]]["data"]
        return settings | {one["name"]: one["value"] for one in pod.container["env"] if "value" in one}


def objects_of(kustomization: str) -> Objects:
    return Objects(tuple(build(FOLDER / kustomization)))


def _pods(one: Tree) -> Iterator[Pod]:
    spec = one.get("spec", {})
    spec = spec.get("jobTemplate", {}).get("spec", spec)
    if "template" in spec:
        owner = f"{one['kind']}/{one['metadata']['name']}"
        yield Pod(owner, spec["template"]["metadata"]["labels"], spec["template"]["spec"])
