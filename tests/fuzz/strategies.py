"""Inputs by the rules of a language, and how several inputs of one reader become one text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from steersman.core.golang.types import from_bytes

SEPARATOR = b"\x1e"
"""Stands between the parts of an input (pattern and name, schema and values…); no language here uses it."""

json_values: SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def soup(words: Sequence[bytes], most: int = 20) -> SearchStrategy[bytes]:
    """Words of a language, one after another, with other text here and there."""
    word = st.sampled_from(words)
    return st.lists(word | word | word | st.text(max_size=4).map(lambda text: text.encode()), max_size=most).map(
        b"".join
    )


def as_json(value: Any) -> bytes:
    """A value as JSON text, characters as they are."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogateescape")


def json_like(words: Sequence[str]) -> SearchStrategy[Any]:
    """JSON values whose keys and texts are mostly these words."""
    word = st.sampled_from(words)
    return st.recursive(
        json_values | word,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(word, inner, max_size=5),
        max_leaves=15,
    )


def joined(*parts: SearchStrategy[bytes]) -> SearchStrategy[bytes]:
    """Several parts of one input."""
    return st.tuples(*parts).map(SEPARATOR.join)


def parts_of(data: bytes, count: int) -> list[bytes]:
    """The parts of an input, empty where it has fewer."""
    found = data.split(SEPARATOR, count - 1)
    return found + [b""] * (count - len(found))


def texts_of(data: bytes, count: int) -> list[str]:
    """The parts as the engine holds texts: bytes that are no UTF-8 become surrogates."""
    return [from_bytes(part) for part in parts_of(data, count)]
