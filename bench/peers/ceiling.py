"""What the machine could do if nobody had to be spoken to: decoding and inference in a loop on each core.

python -m bench.peers.ceiling BUNDLE LIST SECONDS
"""

import os
import sys
import time
from multiprocessing import get_context
from pathlib import Path

from backend.inference.bundle import load_bundle
from backend.inference.cpu import available_cpus
from backend.inference.decoding import decode
from backend.inference.prediction import Predictor


def main() -> None:
    bundle, seconds = Path(sys.argv[1]), float(sys.argv[3])
    pictures = Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()
    cores = available_cpus()
    with get_context("spawn").Pool(cores) as pool:
        done = pool.starmap(_answer, [(bundle, pictures[core::cores], seconds) for core in range(cores)])
    print(sum(done))  # noqa: T201


def _answer(bundle: Path, pictures: list[str], seconds: float) -> float:
    """Answers a second, of one core."""
    predictor = Predictor(load_bundle(bundle, 1))
    least = predictor.manifest.preprocessing.least
    datas = [Path(path).read_bytes() for path in pictures]
    predictor.predict([decode(datas[0], least=least).image])
    begun, count = time.perf_counter(), 0
    while (took := time.perf_counter() - begun) < seconds:
        predictor.predict([decode(datas[count % len(datas)], least=least).image])
        count += 1
    return count / took


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
