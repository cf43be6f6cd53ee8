"""What `kubectl kustomize` makes of a folder, as far as ours need it: whatever else is said is an error."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Tree = dict[str, Any]

USED = {"apiVersion", "kind", "resources", "namespace", "images", "patches"}
# Lists of an object: those that a patch is merged into by name, and those that it replaces.
MERGED, REPLACED = {"containers"}, {"tls", "rules", "tolerations"}
UNSPACED = {"Namespace"}  # kinds that lie in no namespace


class NotComposed(Exception):
    """A kustomization asks for something that is not known here, or that is not there."""


def build(folder: Path) -> list[Tree]:
    """The objects of the kustomization in `folder`."""
    asked = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    if unknown := asked.keys() - USED:
        raise NotComposed(f"{folder}: {min(unknown)} is not known here")
    objects = [one for name in asked["resources"] for one in _resource(folder / name)]
    for patch in asked.get("patches", []):
        _patch_all(objects, folder, patch)
    for image in asked.get("images", []):
        _rename(objects, image)
    if "namespace" in asked:
        for one in objects:
            if one["kind"] not in UNSPACED:
                one["metadata"]["namespace"] = asked["namespace"]
    return objects


def containers_of(tree: Any) -> Iterator[Tree]:
    """Every container anywhere in an object."""
    if isinstance(tree, list):
        for part in tree:
            yield from containers_of(part)
    elif isinstance(tree, dict):
        for name, part in tree.items():
            if name in ("containers", "initContainers"):
                yield from part
            else:
                yield from containers_of(part)


def _resource(path: Path) -> list[Tree]:
    return build(path) if path.is_dir() else _documents(path)


def _documents(path: Path) -> list[Tree]:
    # Anchors are resolved into one and the same object, which a change to one place would change in all.
    return [copy.deepcopy(one) for one in yaml.safe_load_all(path.read_text("utf-8"))]


def _patch_all(objects: list[Tree], folder: Path, patch: Tree) -> None:
    if patch.keys() != {"path"}:
        raise NotComposed(f"{folder}: a patch is a path, not {patch}")
    for change in _documents(folder / patch["path"]):
        _patch(objects, change)


def _patch(objects: list[Tree], change: Tree) -> None:
    meant = [one for one in objects if _identity(one) == _identity(change)]
    if len(meant) != 1:
        raise NotComposed(f"a patch is for {_identity(change)}, of which there are {len(meant)}")
    _merge(meant[0], change)


def _identity(one: Tree) -> tuple[str, str, str]:
    return one["apiVersion"], one["kind"], one["metadata"]["name"]


def _merge(tree: Tree, change: Tree) -> None:
    for name, value in change.items():
        if isinstance(value, dict) and isinstance(tree.get(name), dict):
            _merge(tree[name], value)
        elif isinstance(value, list) and name in MERGED:
            for part in value:
                _merge(next(one for one in tree[name] if one["name"] == part["name"]), part)
        elif isinstance(value, list) and name not in REPLACED:
            raise NotComposed(f"a patch changes the list {name}, which is not known here")
        else:
            tree[name] = value


def _rename(objects: list[Tree], image: Tree) -> None:
    for container in containers_of(objects):
        if container["image"] == image["name"]:
            container["image"] = f"{image['newName']}:{image['newTag']}"
