"""The manifests, composed once."""

import pytest

from tests.kubernetes.objects import KUSTOMIZATIONS, Objects, objects_of


@pytest.fixture(scope="session", params=KUSTOMIZATIONS)
def objects(request: pytest.FixtureRequest) -> Objects:
    """Those of each kustomization in turn."""
    return objects_of(request.param)


@pytest.fixture(scope="session")
def installation() -> Objects:
    """Those of the example."""
    return objects_of("overlays/example")
