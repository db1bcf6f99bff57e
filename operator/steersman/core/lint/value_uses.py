"""Which values the templates of a chart tree speak of, read from their text.

Called by the check for unknown values. Reading is generous: whatever may be a use counts as one, also in comments, in
files and in values that may be run by `tpl`, because a key called unknown by mistake costs more than one missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from steersman.core.chart.model import Chart, walk
from steersman.core.golang.types import from_bytes
from steersman.core.render.engines import SUFFIX

Path: TypeAlias = tuple[str, ...]

_INDEX: Final = re.compile(r'\bindex\s+\(?[\w.$]*\.Values((?:\.\w+)*)\)?((?:\s+"[^"\s]+")+)')
_CHAIN: Final = re.compile(r"\.Values((?:\.\w+)*)")
_NAME: Final = re.compile(r"(?<![\w.])Values\b")
"""How Jinja2 has it."""
_STRING: Final = re.compile(r'"([^"]+)"')


@dataclass(frozen=True, slots=True)
class ValueUses:
    """Paths after `.Values` in the templates, as far as they are written out, and the text they come from."""

    paths: frozenset[Path]
    text: str

    def says(self, key: str) -> bool:
        """Whether the key stands anywhere in the text, as a word of its own."""
        return re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", self.text) is not None

    def mentions(self, path: Path) -> bool:
        """Whether a template names this path or one below it."""
        return any(used[: len(path)] == path for used in self.paths)

    def uses_whole(self, path: Path, *, above: int = 0) -> bool:
        """Whether a template takes this path, or one above it with at least `above` parts, as a whole: then it may use
        anything in it."""
        return any(path[:length] in self.paths for length in range(above, len(path) + 1))

    def names_below(self, path: Path) -> set[str]:
        """The keys that templates use right below this path."""
        depth = len(path)
        return {used[depth] for used in self.paths if len(used) > depth and used[:depth] == path}

    def inside(self, key: str) -> ValueUses:
        """As a subchart sees it: its parent's uses of its section, and its own (named templates are shared)."""
        return ValueUses(self.paths | {path[1:] for path in self.paths if path[:1] == (key,)}, self.text)


def value_uses(chart: Chart, more: Iterable[str] = ()) -> ValueUses:
    """The uses in all charts of the tree and in `more` texts."""
    text = "\n".join([*_texts(chart), *more])
    paths = {(*_parts(match[1]), *_STRING.findall(match[2])) for match in _INDEX.finditer(text)}
    paths.update(_parts(match[1]) for match in _CHAIN.finditer(_INDEX.sub(" ", text)))
    return ValueUses(frozenset(paths), text)


def _texts(chart: Chart) -> Iterable[str]:
    for _, owner in walk(chart):
        yield from_bytes(owner.values_text)
        for file in (*owner.templates, *owner.files):
            if b"\0" not in file.data:
                text = from_bytes(file.data)
                yield _NAME.sub(".Values", text) if file.name.endswith(SUFFIX) else text


def _parts(chain: str) -> Path:
    return tuple(chain.split(".")[1:])
