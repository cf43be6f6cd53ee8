"""Files, requests and clients that mean no good: whether any brings the service down, or costs others
dear."""

import io
import itertools
import random
import socket
import subprocess
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx

from backend.api.spare_memory import TRIM_SECONDS
from bench import trials
from bench.load import percentile
from bench.report import Row
from bench.trials import Api, Place, cpu_ms, resident_mb, serving
from databases.settings import PROJECT

PORT = 18_444
SCHEMATHESIS = PROJECT / ".venv-rivals" / "bin" / "schemathesis"
FUZZ_SECONDS = 60.0
NO_LIMIT = {"MENAGERIE_CACHED_ANSWERS": "0"}
SLOW_CLIENTS, DRIP_SECONDS = 200, 15.0


def rows(place: Place, data: Path) -> Iterator[Row]:
    with serving(place, PORT, NO_LIMIT) as api:
        for path in trials.files_of(data / "cats-dogs")[:200]:
            api.predict(path.read_bytes())
        small = _settled_mb(api)
        sent, proper = trials.survive(api, data, "hostile", "awkward")
        yield Row(
            f"hostile and awkward files answered, or refused with a code, of {sent}",
            proper,
            "",
            sent,
            "higher",
        )
        _explore(api)
        fuzzed = _fuzz(api, trials.files_of(data / "cats-dogs")[0].read_bytes())
        yield Row(
            f"5xx to these, to schemathesis and to {fuzzed} fuzzed bodies in 60 s",
            _failures(api),
            "",
            0,
            "lower",
        )
        yield Row("memory that came with them", _settled_mb(api) - small, "MB", 50, "lower")
        yield from _bombs(api, trials.files_of(data / "cats-dogs")[0])


def _settled_mb(api: Api) -> float:
    """What is resident once the service has given back what it no longer needs."""
    time.sleep(2 * TRIM_SECONDS)
    return resident_mb(api)


def _failures(api: Api) -> float:
    """How many requests were answered 500 or more, by the service's own count."""
    lines = api.client.get("/metrics").text.splitlines()
    counts = [
        line for line in lines if line.startswith("menagerie_request_seconds_count") and 'status="5' in line
    ]
    return sum(float(line.rsplit(" ", 1)[1]) for line in counts)


def _explore(api: Api) -> None:
    """Schemathesis asks whatever the service's own description allows, and what it does not."""
    command = [
        str(SCHEMATHESIS),
        "run",
        f"{api.client.base_url}/openapi.json",
        "--checks",
        "not_a_server_error",
    ]
    command += ["--max-examples", "50", "--seed", "1", "--no-color"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tempfile.gettempdir())
    if "Test cases" not in done.stdout:
        raise RuntimeError(f"schemathesis did not run: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def _fuzz(api: Api, picture: bytes) -> int:
    """Forms with some bytes changed, cut or doubled, as long as a minute; how many."""
    drawn, until, sent = random.Random(1), time.monotonic() + FUZZ_SECONDS, 0
    whole = httpx.Request(
        "POST", "http://x/", files={"file": ("a.jpg", picture, "image/jpeg")}, data={"image_id": "1"}
    )
    kind, body = whole.headers["content-type"], whole.read()
    paths = itertools.cycle(("/predict", "/similar", "/predict/batch"))
    while time.monotonic() < until:
        changed = bytearray(body)
        for _ in range(drawn.randint(1, 8)):
            at = drawn.randrange(len(changed)) if drawn.random() < 0.5 else drawn.randrange(300)
            if drawn.random() < 0.3:
                del changed[at : at + drawn.randint(1, 200)]
            elif drawn.random() < 0.3:
                changed[at:at] = changed[at : at + drawn.randint(1, 200)]
            else:
                changed[at : at + 1] = bytes([drawn.randrange(256)])
        with suppress(httpx.RemoteProtocolError):
            api.client.post(next(paths), content=bytes(changed), headers={"content-type": kind})
        sent += 1
    return sent


def _bombs(api: Api, sound: Path) -> Iterator[Row]:
    """Each alone, so that what it costs is known; then with clients who must not notice."""
    jpeg = {"content-type": "image/jpeg"}
    bombs: dict[str, tuple[str, bytes | Iterator[bytes], dict[str, str]]] = {
        "a PNG of 65,000 x 65,000 pixels": ("/predict", _png(65_000, 65_000), jpeg),
        "a body of 100 MB": ("/predict", bytes(100_000_000), jpeg),
        "a body of 100 MB of unknown length": ("/predict", iter([bytes(1_000_000)] * 100), jpeg),
        "a JPEG of 7 million segments": ("/predict", _segments(sound.read_bytes()), jpeg),
        "a zip of 1 GB of zeros": ("/predict/batch", _zip_of_zeros(), {"content-type": "application/zip"}),
    }
    for name, (path, body, headers) in bombs.items():
        before, status = cpu_ms(api), 0
        with suppress(httpx.TransportError):  # closed while it was still being sent
            status = api.client.post(path, content=body, headers=headers).status_code
        cost = cpu_ms(api) - before
        if status and not 400 <= status < 500:
            raise RuntimeError(f"{name} was answered {status}")
        yield Row(f"{name}, refused at a cost of", cost, "ms CPU", 100, "lower")
    yield from _slow_clients(api, sound)


def _slow_clients(api: Api, sound: Path) -> Iterator[Row]:
    """Many who send a byte now and then, first of a head, then of a body; others ask meanwhile."""
    alone = _median_ms(api, sound)
    before, over, sockets = cpu_ms(api), threading.Event(), []
    for number in range(SLOW_CLIENTS):
        slow = socket.create_connection(("127.0.0.1", PORT))
        head = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: image/jpeg\r\ncontent-length: 99999\r\n"
        slow.sendall(head + (b"\r\n\xff" if number % 2 else b"x-slow: 1"))
        sockets.append(slow)

    def drip() -> None:
        while not over.wait(1):
            for slow in sockets:
                with suppress(OSError):
                    slow.sendall(b"1")

    dripping = threading.Thread(target=drip)
    dripping.start()
    time.sleep(DRIP_SECONDS)
    cost = (cpu_ms(api) - before) / SLOW_CLIENTS
    beside = _median_ms(api, sound)
    over.set()
    dripping.join()
    heads = [slow for number, slow in enumerate(sockets) if number % 2 == 0]
    kept = sum(not _is_closed(slow) for slow in heads)
    for slow in sockets:
        slow.close()
    yield Row(f"each of {SLOW_CLIENTS} clients that drip, in 15 s", cost, "ms CPU", 100, "lower")
    yield Row("/predict beside them, in medians without", beside / alone, "x", 2, "lower")
    yield Row("heads among them that are waited for still", kept, "", 0, "lower")


def _is_closed(connection: socket.socket) -> bool:
    """Whether the other side has ended it, perhaps with a word."""
    connection.settimeout(0)
    try:
        while connection.recv(65536):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _median_ms(api: Api, path: Path) -> float:
    times = []
    for _ in range(50):
        begin = time.perf_counter()
        api.predict(path.read_bytes()).raise_for_status()
        times.append(1000 * (time.perf_counter() - begin))
    return percentile(times, 0.5)


def _png(width: int, height: int) -> bytes:
    """What its header says, and a few bytes of pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
        )

    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    pixels = zlib.compress(bytes(1_000_000), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size + b"\x08\x02\0\0\0")
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


def _segments(jpeg: bytes) -> bytes:
    """A sound picture with as many comments as an upload can hold."""
    return jpeg[:2] + b"\xff\xfe\x00\x02" * (7 * 2**20) + jpeg[2:]


def _zip_of_zeros() -> bytes:
    buffer, megabyte = io.BytesIO(), bytes(2**20)
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("cat.jpg", "w") as file,
    ):
        file.write(b"\xff\xd8\xff")
        for _ in range(1000):
            file.write(megabyte)
    return buffer.getvalue()
