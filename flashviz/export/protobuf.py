"""Many protobuf messages of one type at once, as bytes of a NumPy array.

The wire format (protobuf.dev/programming-guides/encoding): a field is its tag, number * 8 + wire type, and then a varint (0), or a
length and so many bytes (2). A varint has seven bits a byte, low ones first; a set eighth bit says that more follow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

VARINT, LENGTH = 0, 2  # wire types


@dataclass(frozen=True, eq=False)
class Rows:
    """One piece of bytes for each of n messages: ``data`` [n, width] uint8, of which those count that are ``used`` [n, width]."""

    data: np.ndarray
    used: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """Bytes of each row."""
        return np.asarray(np.count_nonzero(self.used, axis=1))

    def __add__(self, other: Rows) -> Rows:
        return Rows(np.concatenate([self.data, other.data], axis=1), np.concatenate([self.used, other.used], axis=1))

    def where(self, present: np.ndarray) -> Rows:
        """Only those rows that are ``present`` [n]; the others are empty."""
        return Rows(self.data, self.used & present[:, None])

    def tobytes(self) -> bytes:
        """All rows, one after the other."""
        return bytes(self.data[self.used])


def varint(values: np.ndarray) -> Rows:
    """Numbers [n] from 0 to 2^63 - 1."""
    values = np.ascontiguousarray(values, np.uint64)
    width = max(1, -(-int(values.max(initial=0)).bit_length() // 7))
    digits = values[:, None] >> (7 * np.arange(width, dtype=np.uint64))
    used = digits > 0  # a digit counts where it, or one after it, is not zero
    used[:, 0] = True
    more = np.zeros(digits.shape, np.uint8)
    more[:, :-1] = np.where(used[:, 1:], 0x80, 0)
    return Rows((digits & np.uint64(0x7F)).astype(np.uint8) | more, used)


def number(field: int, values: np.ndarray) -> Rows:
    """A field with a number [n]."""
    return _tag(field, VARINT, len(values)) + varint(values)


def message(field: int, content: Rows) -> Rows:
    """A field with a message, or a string."""
    return _tag(field, LENGTH, len(content.data)) + varint(content.sizes) + content


def text(field: int, string: str) -> Rows:
    """A field with a string, in one message."""
    data = np.frombuffer(string.encode(), np.uint8)[None, :]
    return message(field, Rows(data, np.ones(data.shape, bool)))


def one(field: int, value: int) -> Rows:
    """A field with a number, in one message."""
    return number(field, np.array([value]))


def _tag(field: int, wire_type: int, n: int) -> Rows:
    return varint(np.full(n, field << 3 | wire_type))
