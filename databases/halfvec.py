"""pgvector's type `halfvec`: vectors of half-precision numbers, as PostgreSQL is told them."""

import struct
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Dialect
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

# What COPY in binary begins and ends with, and a row of it with four columns.
HEADER, END, ROW = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff", b"\0\4"
NUMBER = struct.Struct("!i")
VECTOR = struct.Struct("!HH")  # how a vector begins: with its length, and a zero


class HalfVector(UserDefinedType[NDArray[np.float32]]):
    """A `halfvec` of `size` numbers, or of any number. What goes in is float32 [size], none comes out."""

    cache_ok = True

    def __init__(self, size: int | None = None) -> None:
        self.size = size

    def get_col_spec(self, **_: object) -> str:
        return "HALFVEC" if self.size is None else f"HALFVEC({self.size})"

    def bind_processor(self, dialect: Dialect) -> Callable[[NDArray[np.float32] | None], str | None]:
        del dialect
        return _as_text


ischema_names["halfvec"] = HalfVector  # so that a column of this type is known when a schema is compared


def copy_vectors(connection: Connection, model_id: int, vectors: Mapping[int, tuple[str, bytes]]) -> None:
    """Adds (content hash, float32 [size] as little-endian bytes) by image id to `gallery_vectors`, by COPY in
    binary: six times as fast as INSERT."""
    rows = [_as_row(model_id, image_id, *content) for image_id, content in vectors.items()]
    raw = connection.connection.driver_connection
    assert raw is not None
    statement = "COPY gallery_vectors (model_id, image_id, sha256, vector) FROM STDIN (FORMAT BINARY)"
    with raw.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(HEADER + b"".join(rows) + END)


def _as_row(model_id: int, image_id: int, sha256: str, vector: bytes) -> bytes:
    """Each column after its length in bytes."""
    half = np.frombuffer(vector, "<f4").astype(">f2")
    columns = (
        NUMBER.pack(model_id),
        NUMBER.pack(image_id),
        sha256.encode(),
        VECTOR.pack(len(half), 0) + half.tobytes(),
    )
    return ROW + b"".join(NUMBER.pack(len(column)) + column for column in columns)


def _as_text(vector: NDArray[np.float32] | None) -> str | None:
    return vector if vector is None else "[" + ("%.9g," * len(vector))[:-1] % tuple(vector.tolist()) + "]"
