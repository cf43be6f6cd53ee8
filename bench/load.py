"""Load on a server by processes that cost little themselves: Debian's wrk (a closed loop) and `bench.paced`
(an open one)."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from databases.settings import PROJECT

POST = Path(__file__).with_name("post.lua")
SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True)
class Load:
    """What a closed loop came to: answers a second, their median and 99th percentile in seconds, and how many
    were no success."""

    rate: float
    median: float
    p99: float
    failed: int


@dataclass(frozen=True)
class Answer:
    """`status`: 0 where none came. `seconds`: from when the request was due."""

    status: int
    seconds: float


def check_tools() -> None:
    """Raises SystemExit where one is not installed."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: apt-get install wrk")


def saturate(url: str, pictures: Path, seconds: float, connections: int = 8) -> Load:
    """Posts the files that `pictures` lists in turn, on so many connections, as fast as they are answered."""
    command = ["wrk", "--threads", "2", "--connections", str(connections), "--duration", f"{seconds:g}s"]
    command += ["--latency", "--timeout", "30s", "--script", str(POST), url, "--", str(pictures)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    failed = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", told))
    failed += sum(
        int(n) for line in re.findall(r"Socket errors: (.*)", told) for n in re.findall(r"\d+", line)
    )
    return Load(
        rate=float(_found(r"Requests/sec:\s+([\d.]+)", told)),
        median=_seconds(_found(r"\n\s+50%\s+(\S+)", told)),
        p99=_seconds(_found(r"\n\s+99%\s+(\S+)", told)),
        failed=failed,
    )


def at_rate(url: str, pictures: Path, seconds: float, *, connections: int, rate: float) -> list[Answer]:
    """Posts the files that `pictures` lists in turn, so many a second at even spaces, whatever comes back."""
    command = [sys.executable, "-m", "bench.paced", url, str(pictures)]
    command += [str(rate), str(seconds), str(connections)]
    told = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True).stdout
    rows = (line.split() for line in told.splitlines())
    return [Answer(int(status), float(took)) for status, took in rows]


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of them does not exceed; infinite where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


def _found(pattern: str, told: str) -> str:
    match = re.search(pattern, told)
    if match is None:
        raise RuntimeError(f"wrk told nothing that is understood: {told}")
    return match[1]


def _seconds(told: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", told).groups()  # type: ignore[union-attr]
    return float(number) * SECONDS[unit]
