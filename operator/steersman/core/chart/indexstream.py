"""The YAML of an index event by event: its fields in turn, those of `entries` chart by chart and version by version.

Called by `indexfile`. As `core.yaml.direct` it gives what the exact reader would give, or raises NotCovered: for what
programs do not write into an index (anchors, tags, keys given twice…) and for whatever is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any, BinaryIO, Final

from yaml._yaml import CParser
from yaml.error import MarkedYAMLError
from yaml.error import YAMLError as LibraryError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from steersman.core.yaml.errors import CONVERTING, MAX_DEPTH
from steersman.core.yaml.numbers import key_name
from steersman.core.yaml.reader import json_number
from steersman.core.yaml.scalars import SPECIAL_FIRST, resolve

_ENTRIES: Final = "entries"
_BYTE_ORDER_MARK: Final = "\ufeff".encode()
_UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_ANCHORS: Final = "anchors, aliases and tags are not read in an index of this size"


class NotCovered(Exception):
    """The text needs the exact reader. `problem` is for where it is too large for that."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def stream_index(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    """The fields of the first document. For `entries`, a pair for each chart: its name and its versions, an iterator
    that must be used up before the next pair. Raises NotCovered."""
    with _not_covered():
        yield from _Reader(_Source(file)).document()


@contextmanager
def _not_covered() -> Iterator[None]:
    """Errors of libyaml as ours."""
    try:
        yield
    except MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark is not None else ""
        raise NotCovered(f"{CONVERTING}yaml: {line}{error.problem}") from error
    except LibraryError as error:
        raise NotCovered(f"{CONVERTING}yaml: {getattr(error, 'reason', error)}") from error


class _Source:
    """The bytes for libyaml, watched for what it takes in another way than Go: an escape, and a mark."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._last = b""
        self._is_first = True

    def read(self, length: int = -1, /) -> bytes:
        """As of a file."""
        chunk = self._file.read(length)
        seen = self._last + chunk
        if self._is_first:
            if seen.startswith(_UTF_16_MARKS):
                raise NotCovered("it is UTF-16; write it in UTF-8")
            seen = seen.removeprefix(_BYTE_ORDER_MARK)
            self._is_first = False
        if b"\\/" in seen:
            raise NotCovered(f"{CONVERTING}yaml: found unknown escape character")
        if _BYTE_ORDER_MARK in seen:
            raise NotCovered("it has a byte order mark within the text")
        self._last = seen[-2:]
        return chunk


class _Reader:
    def __init__(self, source: _Source) -> None:
        self._next_event: Callable[[], Any] = CParser(source).get_event
        self._keys: dict[str, str] = {}

    def document(self) -> Iterator[tuple[str, Any]]:
        self._next_event()
        start = self._next_event()
        if type(start) is StreamEndEvent:
            return
        if type(start) is not DocumentStartEvent or start.version is not None:
            raise NotCovered("%YAML is not read in an index of this size")
        root = self._next_event()
        if type(root) is not MappingStartEvent:
            raise NotCovered("it holds no map")
        _refuse_properties(root)
        for key, event in self._items(root.flow_style):
            if key == _ENTRIES and type(event) is MappingStartEvent:
                _refuse_properties(event)
                yield from self._charts(event.flow_style)
            elif key != _ENTRIES and key.lower() == _ENTRIES:
                raise NotCovered(f"{key} is written {_ENTRIES}")
            else:
                yield key, self._value(event, root.flow_style, 1)
        self._next_event()

    def _charts(self, in_flow: bool | None) -> Iterator[tuple[str, Any]]:
        for name, event in self._items(in_flow):
            if type(event) is not SequenceStartEvent:
                value = self._value(event, in_flow, 2)
                yield (name, iter(())) if value is None else (_ENTRIES, {name: value})
                continue
            _refuse_properties(event)
            versions = self._versions(event.flow_style)
            yield name, versions
            for _ in versions:  # whoever took the pair may have left some
                pass

    def _versions(self, in_flow: bool | None) -> Iterator[Any]:
        with _not_covered():
            while type(event := self._next_event()) is not SequenceEndEvent:
                yield self._value(event, in_flow, 3)

    def _items(self, in_flow: bool | None) -> Iterator[tuple[str, Any]]:
        """The keys of a map, each with the first event of its value."""
        seen: set[str] = set()
        while type(event := self._next_event()) is not MappingEndEvent:
            if type(event) is not ScalarEvent:
                raise _no_key(event)
            key = self._key(event, in_flow)
            if key in seen:
                raise _twice(key, event)
            seen.add(key)
            yield key, self._next_event()

    def _key(self, event: Any, in_flow: bool | None) -> str:
        key: str = event.value
        if event.tag is not None or event.anchor is not None or (in_flow and "?" in key):
            raise NotCovered(_ANCHORS)
        return key if event.style else self._plain_key(key)

    def _plain_key(self, text: str) -> str:
        if text and text[0] not in SPECIAL_FIRST and text != "<<":
            return text
        name = None if text == "<<" else key_name(resolve(text))
        if name is None:
            raise NotCovered("a key is no text")
        return name

    def _value(self, event: Any, in_flow: bool | None, depth: int) -> Any:
        kind = type(event)
        if kind is AliasEvent or event.anchor is not None:
            raise NotCovered(_ANCHORS)
        if kind is ScalarEvent:
            return self._scalar(event, in_flow)
        if event.tag is not None:
            raise NotCovered(_ANCHORS)
        if depth > MAX_DEPTH:
            raise NotCovered(f"{CONVERTING}yaml: exceeded max depth of {MAX_DEPTH}")
        if kind is MappingStartEvent:
            return self._mapping(event.flow_style, depth + 1)
        return self._sequence(event.flow_style, depth + 1)

    def _mapping(self, in_flow: bool | None, depth: int) -> dict[str, Any]:
        # As `_items` and `_scalar`, in one loop: most of an index is texts in maps.
        next_event = self._next_event
        mapping: dict[str, Any] = {}
        while type(event := next_event()) is ScalarEvent:
            key = event.value
            if event.style or (key and key[0] not in SPECIAL_FIRST and key != "<<"):
                if event.tag is not None or event.anchor is not None or (in_flow and "?" in key):
                    raise NotCovered(_ANCHORS)
            else:
                key = self._key(event, in_flow)
            if key in mapping:
                raise _twice(key, event)
            event = next_event()
            if type(event) is ScalarEvent and event.tag is None and event.anchor is None and not in_flow:
                text = event.value
                plain = not event.style and (not text or text[0] in SPECIAL_FIRST)
                mapping[key] = self._scalar(event, in_flow) if plain else text
            else:
                mapping[key] = self._value(event, in_flow, depth)
        if type(event) is not MappingEndEvent:
            raise _no_key(event)
        return mapping

    def _sequence(self, in_flow: bool | None, depth: int) -> list[Any]:
        items = []
        while type(event := self._next_event()) is not SequenceEndEvent:
            items.append(self._value(event, in_flow, depth))
        return items

    def _scalar(self, event: Any, in_flow: bool | None) -> Any:
        text = event.value
        if event.tag is not None or (in_flow and "?" in text):
            raise NotCovered(_ANCHORS)
        if event.style or (text and text[0] not in SPECIAL_FIRST):
            return text
        value = resolve(text)
        if value is None or isinstance(value, str | bool):
            return value
        if not isfinite(value):
            raise NotCovered(f"json: unsupported value: {text}")
        return json_number(value)


def _refuse_properties(event: Any) -> None:
    if event.anchor is not None or event.tag is not None:
        raise NotCovered(_ANCHORS)


def _no_key(event: Any) -> NotCovered:
    return NotCovered(_ANCHORS if type(event) is AliasEvent else "a key is no text")


def _twice(key: str, event: Any) -> NotCovered:
    line = event.start_mark.line + 1
    return NotCovered(f'{CONVERTING}yaml: unmarshal errors:\n  line {line}: key "{key}" already set in map')
