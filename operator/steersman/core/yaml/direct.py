"""The short way from text to values, for documents without anchors, tags and merge keys: events → values, no tree.

Called by `reader` first. It gives what `nodes` and `decode` would give, in two thirds of the time, or raises NotCovered:
for whatever is rare and for whatever is wrong, so that every error comes from there.
"""

from __future__ import annotations

from functools import lru_cache
from math import isfinite
from typing import Any, Final

from yaml.error import YAMLError as LibraryError
from yaml.events import DocumentStartEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent
from yaml._yaml import CParser

from steersman.core.yaml.decode import NumberRule, key_name
from steersman.core.yaml.nodes import MAX_DEPTH
from steersman.core.yaml.scalars import SPECIAL_FIRST, resolve


class NotCovered(Exception):
    """The document needs the exact path. Never leaves this package."""


def read(text: str, number: NumberRule) -> Any:
    if "&" in text:
        raise NotCovered
    if "\\/" in text or "?" in text and ("[" in text or "{" in text):
        raise NotCovered
    try:
        return _Reader(text, number).document()
    except LibraryError as error:
        raise NotCovered from error


class _Reader:
    def __init__(self, text: str, number: NumberRule) -> None:
        self._next: Any = CParser(text).get_event
        self._number = number

    def document(self) -> Any:
        self._next()
        start = self._next()
        if type(start) is not DocumentStartEvent or start.version is not None:
            raise NotCovered
        value = self._value(self._next(), 0)
        self._next()
        return value

    def _value(self, event: Any, depth: int) -> Any:
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event)
        if depth > MAX_DEPTH or event.tag is not None:
            raise NotCovered
        return self._mapping(depth + 1) if kind is MappingStartEvent else self._sequence(depth + 1)
    def _mapping(self, depth: int) -> dict[str, Any]:
        mapping = {}
        take = self._next
        number = self._number
        while type(event := take()) is ScalarEvent:
            if event.tag is not None: raise NotCovered
            key = event.value
            if not event.style:
                key = _name(key)
            event = take()
            kind = type(event)
            if kind is ScalarEvent:
                if event.tag is not None: raise NotCovered
                value = event.value
                if not event.style and (not value or value[0] in SPECIAL_FIRST):
                    value = resolve(value)
                    if type(value) in (int, float): value = number(value)
                mapping[key] = value
            elif kind is MappingStartEvent:
                mapping[key] = self._mapping(depth + 1)
            elif kind is SequenceStartEvent:
                mapping[key] = self._sequence(depth + 1)
            else: raise NotCovered
        if type(event) is not MappingEndEvent: raise NotCovered
        return mapping
    def _sequence(self, depth):
        items=[]
        take = self._next
        while type(event := take()) is not SequenceEndEvent:
            items.append(self._value(event, depth))
        return items
    def _scalar(self, event):
        if event.tag is not None: raise NotCovered
        value = event.value
        if not event.style and (not value or value[0] in SPECIAL_FIRST):
            value = resolve(value)
            if type(value) in (int, float): return self._number(value)
        return value

@lru_cache(4096)
def _name(key):
    if key == "<<": raise NotCovered
    return key_name(resolve(key))
