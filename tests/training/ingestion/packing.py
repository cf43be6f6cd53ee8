"""Archives packed by the tests: sound ones, and what no honest program would write."""

import io
import tarfile
import zipfile
from pathlib import Path

Entry = tuple[str | zipfile.ZipInfo | tarfile.TarInfo, bytes]


def pack_zip(path: Path, *entries: Entry) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            assert not isinstance(name, tarfile.TarInfo)
            archive.writestr(name, data)
    return path


def pack_tar(path: Path, *entries: Entry, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in entries:
            assert not isinstance(name, zipfile.ZipInfo)
            info = tarfile.TarInfo(name) if isinstance(name, str) else name
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def zip_entry(name: str, kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o777) << 16
    return info


def tar_entry(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info
