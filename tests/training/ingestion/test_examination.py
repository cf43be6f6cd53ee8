"""One file: what it is, and why it is no picture."""

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from tests.drawing import picture
from training.ingestion.examination import UNREADABLE_FILE, Findings, examine

PNG = picture("red", format="PNG")


def examine_bytes(tmp_path: Path, data: bytes) -> Findings:
    path = tmp_path / "file.jpg"
    path.write_bytes(data)
    return examine(path)


def test_a_sound_picture_is_measured_and_hashed(tmp_path: Path) -> None:
    data = picture("red")
    findings = examine_bytes(tmp_path, data)
    assert findings.reason is None
    assert (findings.bytes, findings.width, findings.height, findings.format) == (len(data), 48, 32, "JPEG")
    assert findings.aspect_ratio == pytest.approx(1.5)
    assert findings.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("format_", ["PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_the_format_is_what_the_bytes_say_not_the_name(tmp_path: Path, format_: str) -> None:
    findings = examine_bytes(tmp_path, picture("red", format=format_))
    assert (findings.reason, findings.format) == (None, format_)


def test_a_picture_that_lies_on_its_side_is_measured_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it a quarter to see it upright
    findings = examine_bytes(tmp_path, picture("red", exif=exif))
    assert (findings.width, findings.height) == (32, 48)
    assert findings.aspect_ratio == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty_file"),
        (b"this is a letter, whatever it is called", "unsupported_format"),
        (picture("red")[:-200], "truncated_image"),
        (PNG[:-200], "truncated_image"),
        (PNG[:60] + bytes(20) + PNG[80:], "corrupt_image"),
    ],
    ids=["empty", "text called jpg", "cut JPEG", "cut PNG", "damaged PNG"],
)
def test_what_is_no_picture_is_told_by_its_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    findings = examine_bytes(tmp_path, data)
    assert findings.reason == reason
    assert findings.bytes == len(data)
    assert findings.sha256 == hashlib.sha256(data).hexdigest()
    assert (findings.width, findings.height, findings.format, findings.perceptual_hash) == (None,) * 4


def test_what_cannot_be_read_at_all_is_told_too(tmp_path: Path) -> None:
    assert examine(tmp_path / "absent.jpg") == Findings(bytes=0, reason=UNREADABLE_FILE)
