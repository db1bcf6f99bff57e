"""One template file, compiled: what can be kept on disk, and the way back from generated code to the source.

`compile_template` is called by `environment.py`; the bytes are kept by whoever has a disk, under a key that names the
chart's digest and this engine's version. The file is parsed at once, since Helm complains about templates it never
runs; the Python code of each template in it is compiled when that is first used, which most helpers never are.

Positions are not stored: when something fails, the code is generated again from the source, which gives the same lines,
and the failing line tells the node.
"""

from __future__ import annotations

import importlib.util
import marshal
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Final

from steersman.core.template.compiler import generate
from steersman.core.template.debug import place_at
from steersman.core.template.errors import ParseError
from steersman.core.template.funcs.registry import Function
from steersman.core.template.generator import Site, TooDeep
from steersman.core.template.parser import parse

_FORMAT: Final = b"steersman-template-2\0" + importlib.util.MAGIC_NUMBER


class StaleCompiledTemplate(ValueError):
    """Stored bytes of another version of the engine or of Python: compile again."""


@dataclass(slots=True, eq=False)
class CompiledTemplate:
    """The templates of one file. `names`, `blank` and `codes` are parallel: each template's name, whether it is blank
    (a blank definition never replaces another), and its code, as Python source until it is used. The file's own
    template is among them."""

    name: str
    source: str
    strict: bool
    names: tuple[str, ...]
    blank: tuple[bool, ...]
    codes: list[str | CodeType]

    def code(self, index: int) -> CodeType:
        """The code of one of the templates: a function of the Runtime and the dot that returns text."""
        code = self.codes[index]
        if isinstance(code, str):
            module = compile(code, "<template>", "exec", dont_inherit=True, optimize=0)
            code = self.codes[index] = next(part for part in module.co_consts if isinstance(part, CodeType))
        return code

    def to_bytes(self) -> bytes:
        fields = (self.name, self.source, self.strict, self.names, self.blank, self.codes)
        return _FORMAT + marshal.dumps(fields)

    @classmethod
    def from_bytes(cls, data: bytes) -> CompiledTemplate:
        """Bytes of `to_bytes`, from a place that only this program writes. Raises StaleCompiledTemplate."""
        if not data.startswith(_FORMAT):
            raise StaleCompiledTemplate("compiled by another version")
        return cls(*marshal.loads(data[len(_FORMAT) :]))  # noqa: S302 - our own cache; see the docstring

    def sites(self, index: int, functions: Mapping[str, Function]) -> dict[int, Site]:
        """What the lines of one template's code stand for."""
        trees = list(parse(self.name, self.source, functions).values())
        return generate(trees[index], functions, self.strict).sites


def compile_template(name: str, source: str, functions: Mapping[str, Function], *, strict: bool) -> CompiledTemplate:
    """Compile a file. Raises ParseError."""
    try:
        trees = list(parse(name, source, functions).values())
        codes: list[str | CodeType] = [generate(tree, functions, strict).source() for tree in trees]
    except (TooDeep, RecursionError) as error:
        raise ParseError(f"template: {name}:1: template nests too deeply", place_at(name, source, 0)) from error
    names = tuple([tree.name for tree in trees])
    return CompiledTemplate(name, source, strict, names, tuple([tree.is_blank() for tree in trees]), codes)
