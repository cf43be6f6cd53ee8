"""What other programs put together of a folder of pictures. Runs in an environment of their own.

.venv-rivals/bin/python bench/rivals.py FOLDER
"""

import json
import sys
from pathlib import Path

from cleanvision import Imagelab
from imagededup.methods import PHash

DISTANCES = (0, 2, 4, 6, 8, 10, 12)  # bits of 64; 10 is imagededup's own default


def main() -> None:
    folder = Path(sys.argv[1])
    paths = [str(path) for path in sorted(folder.rglob("*.jpg"))]
    found = {f"imagededup's PHash, {distance} bits": pairs for distance, pairs in _imagededup(paths)}
    found["cleanvision"] = _cleanvision(folder)
    print(f"\n{json.dumps(found)}")  # noqa: T201


def _imagededup(paths: list[str]) -> list[tuple[int, list[tuple[str, str]]]]:
    method = PHash(verbose=False)
    hashes = {path: method.encode_image(image_file=path) for path in paths}
    found = []
    for distance in DISTANCES:
        near = method.find_duplicates(encoding_map=hashes, max_distance_threshold=distance, num_enc_workers=0)
        found.append((distance, [(path, other) for path, others in near.items() for other in others]))
    return found


def _cleanvision(folder: Path) -> list[tuple[str, str]]:
    lab = Imagelab(data_path=str(folder))
    lab.find_issues({"near_duplicates": {}, "exact_duplicates": {}}, verbose=False, n_jobs=1)
    sets = lab.info["near_duplicates"]["sets"] + lab.info["exact_duplicates"]["sets"]
    return [(first, other) for first, *others in sets for other in others]


if __name__ == "__main__":
    main()
