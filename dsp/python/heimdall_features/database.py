"""Training samples out of the view `heimdall.feature_samples`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Bytes of a text in a row. UUIDs and names of receivers are shorter.
_TEXT_BYTES = 64
# Bytes in front of the first row.
_HEADER_BYTES = 19

# The types of PostgreSQL that are numbers, by their OID, as float8.
_FLOAT8 = "{}::float8"
_EXPRESSIONS = {
    16: "{}::int::float8",
    20: _FLOAT8,
    21: _FLOAT8,
    23: _FLOAT8,
    700: _FLOAT8,
    701: _FLOAT8,
    1184: "extract(epoch FROM {})::float8",
    1700: _FLOAT8,
}
# Zero bytes fill a text up. NumPy removes them.
_TEXT = "overlay(decode(repeat('00', {width}), 'hex') PLACING {bytes} FROM 1 FOR octet_length({bytes}))"
_BYTES = "convert_to(coalesce({}::text, ''), 'UTF8')"

Part = tuple[NDArray[np.float64], list[NDArray[Any]]]


def parts(
    connection: Any, columns: Sequence[str], keys: Sequence[str], since: datetime | None, until: datetime | None
) -> Iterator[Part]:
    """Matrices and texts of the samples, as the server sends them.

    It is a binary COPY of which all rows have the same length, so that NumPy reads whole blocks.
    """
    with connection.cursor() as cursor:
        query = _query(cursor, columns, keys, since, until)
        with cursor.copy(query) as copy:
            yield from _of_blocks(copy, len(columns), len(keys))


def _query(
    cursor: Any, columns: Sequence[str], keys: Sequence[str], since: datetime | None, until: datetime | None
) -> Any:
    from psycopg import sql

    cursor.execute("SELECT * FROM heimdall.feature_samples LIMIT 0")
    types = {column.name: column.type_code for column in cursor.description}
    missing = [name for name in (*columns, *keys) if name not in types]
    if missing:
        raise KeyError(f"no column {', '.join(missing)} in heimdall.feature_samples")
    texts = [name for name in columns if types[name] not in _EXPRESSIONS]
    if texts:
        raise ValueError(f"no number: {', '.join(texts)}")
    selected: list[sql.Composable] = [
        sql.SQL(f"coalesce({_EXPRESSIONS[types[name]]}, 'NaN')").format(sql.Identifier(name)) for name in columns
    ]
    for name in keys:
        text = sql.SQL(_BYTES).format(sql.Identifier(name))
        selected.append(sql.SQL(_TEXT).format(width=sql.Literal(_TEXT_BYTES), bytes=text))
    conditions: list[sql.Composable] = [sql.SQL("true")]
    if since is not None:
        conditions.append(sql.SQL("timestamp >= {}").format(sql.Literal(since)))
    if until is not None:
        conditions.append(sql.SQL("timestamp < {}").format(sql.Literal(until)))
    return sql.SQL("COPY (SELECT {} FROM heimdall.feature_samples WHERE {}) TO STDOUT (FORMAT binary)").format(
        sql.SQL(", ").join(selected), sql.SQL(" AND ").join(conditions)
    )


def _of_blocks(blocks: Iterable[Any], columns: int, keys: int) -> Iterator[Part]:
    row = np.dtype(
        [
            ("fields", ">i2"),
            ("numbers", [("length", ">i4"), ("value", ">f8")], (columns,)),
            ("keys", [("length", ">i4"), ("value", f"S{_TEXT_BYTES}")], (keys,)),
        ]
    )
    rest, is_started = b"", False
    for block in blocks:
        rest += bytes(block)
        if not is_started:
            if len(rest) < _HEADER_BYTES:
                continue
            rest, is_started = rest[_HEADER_BYTES:], True
        # The end is two bytes, less than a row.
        rows = np.frombuffer(rest, row, count=len(rest) // row.itemsize)
        rest = rest[rows.nbytes :]
        if (rows["fields"] != columns + keys).any() or (rows["keys"]["length"] != _TEXT_BYTES).any():
            raise ValueError(f"a text of more than {_TEXT_BYTES} bytes")
        texts = [np.char.decode(rows["keys"]["value"][:, at], "utf-8").astype(object) for at in range(keys)]
        yield rows["numbers"]["value"].astype(np.float64), texts
