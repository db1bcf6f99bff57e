"""One template file, compiled: code objects that can be kept on disk, and the way back from them to the source.

`compile_template` is called by `environment.py`; the bytes are kept by whoever has a disk, under a key that names the
chart's digest and this engine's version. Positions are not stored: when something fails, the code is generated again
from the source, which gives the same lines, and the failing line tells the node.
"""

from __future__ import annotations

import importlib.util
import marshal
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any, Final

from steersman.core.template.compiler import generate
from steersman.core.template.debug import place_at
from steersman.core.template.errors import ParseError
from steersman.core.template.funcs.registry import Function
from steersman.core.template.generator import Site, TooDeep
from steersman.core.template.parser import parse

_FORMAT: Final = b"steersman-template-1\0" + importlib.util.MAGIC_NUMBER


class StaleCompiledTemplate(ValueError):
    """Stored bytes of another version of the engine or of Python: compile again."""


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """The templates of one file. `names`, `blank` and `codes` are parallel: each template's name, whether it is blank
    (a blank definition never replaces another), and its code. The file's own template is among them."""

    name: str
    source: str
    strict: bool
    names: tuple[str, ...]
    blank: tuple[bool, ...]
    codes: tuple[CodeType, ...]

    def to_bytes(self) -> bytes:
        fields = (self.name, self.source, self.strict, self.names, self.blank, self.codes)
        return _FORMAT + marshal.dumps(fields)

    @classmethod
    def from_bytes(cls, data: bytes) -> CompiledTemplate:
        """Bytes of `to_bytes`, from a place that only this program writes. Raises StaleCompiledTemplate."""
        if not data.startswith(_FORMAT):
            raise StaleCompiledTemplate("compiled by another version")
        return cls(*marshal.loads(data[len(_FORMAT) :]))  # noqa: S302 - our own cache; see the docstring

    def functions(self, namespace: dict[str, Any]) -> dict[str, FunctionType]:
        """The templates as functions over the namespace, by name."""
        return {
            name: FunctionType(code, namespace, code.co_name) for name, code in zip(self.names, self.codes, strict=True)
        }

    def sites(self, functions: Mapping[str, Function]) -> dict[int, Site]:
        """What the lines of the generated code stand for."""
        trees = list(parse(self.name, self.source, functions).values())
        return generate(trees, functions, self.strict).sites


def compile_template(name: str, source: str, functions: Mapping[str, Function], *, strict: bool) -> CompiledTemplate:
    """Compile a file. Raises ParseError."""
    trees = parse(name, source, functions)
    try:
        generated = generate(list(trees.values()), functions, strict)
        module = compile(generated.source(), "<template>", "exec", dont_inherit=True, optimize=0)
    except (TooDeep, RecursionError, MemoryError, SyntaxError) as error:
        raise ParseError(f"template: {name}:1: template nests too deeply", place_at(name, source, 0)) from error
    codes = tuple([constant for constant in module.co_consts if isinstance(constant, CodeType)])
    blank = tuple([tree.is_blank() for tree in trees.values()])
    return CompiledTemplate(name, source, strict, tuple(trees), blank, codes)
