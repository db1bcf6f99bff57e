"""The tables of a document under construction: which keys exist, which were only implied, which may still be defined.

`reader` tells it about keys and heads in the order of the text. Errors carry the library's words.
"""

from __future__ import annotations

from typing import Any

from steersman.core.golang.gotoml.errors import ScalarError
from steersman.core.golang.gotoml.keys import key_text
from steersman.core.golang.types import GoValue, MapList

Key = tuple[str, ...]


class Tables:
    """`context` is the table in which keys are set, `current_key` the key whose value is being read."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self.context: Key = ()
        self.current_key = ""
        self._implied: set[Key] = set()
        self._arrays: set[Key] = set()

    def last_key(self) -> str:
        """Where the reader is, as error texts name it."""
        if not self.current_key:
            return key_text(self.context)
        return f"{key_text(self.context)}.{self.current_key}" if self.context else self.current_key

    def enter(self, key: Key, *, array: bool = False) -> None:
        """Go to a table: its parents are implied, itself must be new. With `array`, to one more table of a list."""
        parent = self._parents(key)
        self.context = key[:-1]
        if array:
            tables = parent.setdefault(key[-1], MapList())
            if not isinstance(tables, MapList):
                raise ScalarError(f"Key '{key_text(key)}' was already created and cannot be used as an array.")
            tables.append({})
        else:
            self.set(key[-1], {})
        self.context = key

    def enter_head(self, key: Key, *, array: bool) -> None:
        """A `[key]` or, with `array`, a `[[key]]` line."""
        self.enter(key, array=array)
        self._arrays.discard(key)

    def enter_implied(self, name: str) -> None:
        """A table that a dotted key implies."""
        key = (*self.context, name)
        self._implied.add(key)
        self.enter(key)

    def enter_inline(self, *, array: bool) -> None:
        """The table that is the value of the current key."""
        key = (*self.context, self.current_key)
        self.context, self.current_key = key, ""
        self._implied.add(key)
        self.enter(key, array=array)

    def mark_array(self) -> None:
        """The value of the current key is an array."""
        self._arrays.add((*self.context, self.current_key))

    def set(self, name: str, value: GoValue) -> None:
        """A key of the context's table; a key that was only implied may be set once more."""
        key = (*self.context, name)
        table = self._table_of_context()
        if name not in table:
            table[name] = value
            return
        if key not in self._implied:
            raise ScalarError(f"Key '{key_text(key)}' has already been defined.")
        self._implied.discard(key)
        if key in self._arrays:
            table[name] = value

    def _parents(self, key: Key) -> dict[str, Any]:
        table = self.root
        for depth, name in enumerate(key[:-1], 1):
            if name not in table:
                self._implied.add(key[:depth])
                table[name] = {}
            found = table[name]
            if isinstance(found, MapList):
                found = found[-1]
            elif not isinstance(found, dict):
                raise ScalarError(f"Key '{key_text(key[:depth])}' was already created as a hash.")
            table = found
        return table

    def _table_of_context(self) -> dict[str, Any]:
        table = self.root
        for depth, name in enumerate(self.context, 1):
            found = table[name]
            if isinstance(found, MapList):
                found = found[-1]
            elif not isinstance(found, dict):
                raise ScalarError(f"Key '{key_text(self.context[:depth])}' has already been defined.")
            table = found
        return table
