"""Ids of requests and answers."""

import os
import subprocess
import sys

import pytest

from backend.api.fresh_ids import AT_ONCE, fresh_id


def test_each_is_another_one() -> None:
    ids = [fresh_id() for _ in range(3 * AT_ONCE)]
    assert len(set(ids)) == len(ids)
    assert {len(one) for one in ids} == {32}
    assert all(int(one, 16) for one in ids)


FORK = """
import os
from backend.api.fresh_ids import AT_ONCE, fresh_id
fresh_id()  # now many are in store
os.fork()
os.write(1, "".join(f"{fresh_id()}\\n" for _ in range(AT_ONCE)).encode())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_process_has_others() -> None:
    told = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True).stdout
    ids = told.split()
    assert len(set(ids)) == len(ids) == 2 * AT_ONCE
