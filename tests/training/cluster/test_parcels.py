"""A bundle on its way: by its folder where a machine has the very same, else by its bytes."""

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from backend.inference.errors import BadBundle
from tests.tiny_bundle import make_bundle
from tests.training.cluster.conftest import RAY_IS_OLD

pytest.importorskip("ray", reason="Ray is not installed here: make test-cluster")
pytestmark = RAY_IS_OLD


def describe(parcel: Any, number: int) -> tuple[str, bool, int]:
    """The version of what was unpacked, whether it was the folder's, and the process."""
    import os

    from training.cluster.parcels import unpack

    del number
    bundle = unpack(parcel)
    return bundle.manifest.version, bundle.folder == parcel.folder, os.getpid()


def unpacked_there(parcel: Any) -> tuple[str, bool]:
    from training.cluster.spreading import spread

    ((version, by_folder, _),) = spread(partial(describe, parcel), [0])
    return version, by_folder


def test_it_arrives_whatever_a_machine_has_where_it_lay(cluster: Any, bundles: Path) -> None:
    from training.cluster.connection import connected
    from training.cluster.parcels import pack

    folder = make_bundle(bundles)
    with connected(cluster.address):
        parcel = pack(folder)
        assert unpacked_there(parcel) == ("colours-1", True)
        (folder / "model.onnx").write_bytes(b"half of it")
        assert unpacked_there(pack(make_bundle(bundles, "colours-2"))) == ("colours-2", True)
        assert unpacked_there(parcel) == ("colours-1", False)
        shutil.rmtree(folder)
        make_bundle(bundles, "colours-1", task="others")
        assert unpacked_there(replace(parcel, folder=bundles / "none")) == ("colours-1", False)
        assert unpacked_there(parcel) == ("colours-1", False)
        with pytest.raises(BadBundle, match="changed while it was sent"):
            unpacked_there(replace(parcel, digest="0" * 64))
