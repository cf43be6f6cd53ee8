"""Each object against Kubernetes' own schema, where a field that does not exist is an error."""

import copy
import json
import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.kubernetes.composing import NotComposed, Tree, build
from tests.kubernetes.objects import FOLDER, KUSTOMIZATIONS, Objects

# The newest whose schemas the package has, and the oldest that the documentation promises.
VERSIONS = ("1.37", "1.32")


def validate(one: Tree, version: str = VERSIONS[0]) -> None:
    kubernetes_validate.validate(one, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_as_the_schema_wants_it(objects: Objects, version: str) -> None:
    for one in objects.all:
        validate(one, version)


def test_a_misspelt_field_is_found(installation: Objects) -> None:
    deployment = copy.deepcopy(installation.of("Deployment")["menagerie-api"])
    validate(deployment)
    deployment["spec"]["template"]["spec"]["terminationGracePeriod"] = 60
    with pytest.raises(kubernetes_validate.ValidationError, match="terminationGracePeriod"):
        validate(deployment)


def test_every_file_is_part_of_a_kustomization() -> None:
    for folder in (FOLDER / name for name in KUSTOMIZATIONS):
        asked = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
        named = {*asked["resources"], *(patch["path"] for patch in asked.get("patches", []))}
        there = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
        assert there == {name for name in named if name.endswith(".yaml")}


def test_no_two_objects_have_one_name(objects: Objects) -> None:
    names = [(one["kind"], one["metadata"]["name"]) for one in objects.all]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_kustomize_itself_comes_to_the_same(name: str) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("there is no kubectl, whose kustomize is compared with")
    done = subprocess.run([kubectl, "kustomize", FOLDER / name], capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    assert in_order(list(yaml.safe_load_all(done.stdout))) == in_order(build(FOLDER / name))


def test_what_is_not_known_here_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []\nnamePrefix: my-\n")
    with pytest.raises(NotComposed, match="namePrefix is not known here"):
        build(tmp_path)


def in_order(objects: list[Tree]) -> list[str]:
    return sorted(json.dumps(one, sort_keys=True) for one in objects)
