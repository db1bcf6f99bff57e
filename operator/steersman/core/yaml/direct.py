"""The short way from text to values: events → values without a tree between, in two thirds of the time.

Called by `reader` first. It gives what `nodes` and `decode` would give, or raises NotCovered: for what is rare
(aliases, tags on scalars, merge keys…) and for whatever is wrong, so that every error comes from the exact path.
"""

from __future__ import annotations

from functools import lru_cache
from math import isfinite
from typing import Any

from yaml._yaml import CParser
from yaml.error import YAMLError as LibraryError
from yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from steersman.core.yaml.errors import MAX_DEPTH
from steersman.core.yaml.numbers import NumberRule, key_name
from steersman.core.yaml.scalars import SPECIAL_FIRST, resolve


class NotCovered(Exception):
    """The document needs the exact path. Never leaves this package."""


def read(text: str, number: NumberRule) -> Any:
    """The first document of the text. Raises NotCovered, also for a text without one."""
    if "\\/" in text or text.rfind("\ufeff") > 0:  # an escape and a mark for libyaml, none for Go
        raise NotCovered
    try:
        return _Reader(text, number).document()
    except (LibraryError, UnicodeEncodeError) as error:
        raise NotCovered from error


class _Reader:
    def __init__(self, text: str, number: NumberRule) -> None:
        self._next_event: Any = CParser(text).get_event
        self._number = number

    def document(self) -> Any:
        self._next_event()
        start = self._next_event()
        if type(start) is not DocumentStartEvent or start.version is not None:
            raise NotCovered
        value = self._value(self._next_event(), False, 0)
        self._next_event()
        return value

    def _value(self, event: Any, in_flow: bool, depth: int) -> Any:
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event, in_flow)
        if kind is MappingStartEvent and depth < MAX_DEPTH:
            return self._mapping(event.flow_style, depth + 1)
        if kind is SequenceStartEvent and depth < MAX_DEPTH:
            return self._sequence(event.flow_style, depth + 1)
        raise NotCovered

    def _mapping(self, in_flow: bool, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        next_event = self._next_event
        while type(event := next_event()) is ScalarEvent:
            key = event.value
            if event.tag is not None or (in_flow and "?" in key):
                raise NotCovered
            if not event.style:
                key = _key(key)
            event = next_event()
            if type(event) is not ScalarEvent:
                mapping[key] = self._value(event, in_flow, depth)
                continue
            text = event.value  # as in `_scalar`, without a call for each
            if event.tag is not None or (in_flow and "?" in text):
                raise NotCovered
            plain = not event.style and (not text or text[0] in SPECIAL_FIRST)
            mapping[key] = self._resolved(text) if plain else text
        if type(event) is not MappingEndEvent:
            raise NotCovered
        return mapping

    def _sequence(self, in_flow: bool, depth: int) -> list[Any]:
        items = []
        while type(event := self._next_event()) is not SequenceEndEvent:
            items.append(self._value(event, in_flow, depth))
        return items

    def _scalar(self, event: Any, in_flow: bool) -> Any:
        text = event.value
        if event.tag is not None or (in_flow and "?" in text):
            raise NotCovered
        plain = not event.style and (not text or text[0] in SPECIAL_FIRST)
        return self._resolved(text) if plain else text

    def _resolved(self, text: str) -> Any:
        value = resolve(text)
        if value is None or isinstance(value, str | bool):
            return value
        if not isfinite(value):
            raise NotCovered
        return self._number(value)


@lru_cache(maxsize=4096)
def _key(text: str) -> str:
    """A plain key as text. Keys repeat, hence the cache."""
    name = None if text == "<<" else key_name(resolve(text))
    if name is None:
        raise NotCovered
    return name
