"""One template file, compiled: what can be kept on disk, and the way back from generated code to the source.

Made by `compiler.compile_template`; the bytes are kept by whoever has a disk, under a key that names the chart's digest
and this engine's version. The Python code of each template is compiled when that is first used, which most helpers
never are.

Positions are not stored: when something fails, the code is generated again from the source, which gives the same lines,
and the failing line tells the node. Parser and compiler are imported only then: most processes find their charts
compiled.
"""

from __future__ import annotations

import importlib.util
import marshal
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from steersman.core.template.funcs.registry import Function
    from steersman.core.template.generator import Site

_FORMAT: Final = b"steersman-template-2\0" + importlib.util.MAGIC_NUMBER


class StaleCompiledTemplate(ValueError):
    """Stored bytes of another version of the engine or of Python: compile again."""


@dataclass(slots=True, eq=False)
class CompiledTemplate:
    """The templates of one file. `names`, `blank` and `codes` are parallel: each template's name, whether it is blank
    (a blank definition never replaces another), and its code, as Python source until it is used. The file's own
    template is among them. `grown`: there is more than `to_bytes` wrote."""

    name: str
    source: str
    strict: bool
    names: tuple[str, ...]
    blank: tuple[bool, ...]
    codes: list[str | CodeType]
    grown: bool = True

    def code(self, index: int) -> CodeType:
        """The code of one of the templates: a function of the Runtime and the dot that returns text."""
        code = self.codes[index]
        if isinstance(code, str):
            module = compile(code, "<template>", "exec", dont_inherit=True, optimize=0)
            code = self.codes[index] = next(part for part in module.co_consts if isinstance(part, CodeType))
            self.grown = True
        return code

    def to_bytes(self) -> bytes:
        """All of it, for `from_bytes` of the same version on the same machine."""
        self.grown = False
        fields = (self.name, self.source, self.strict, self.names, self.blank, self.codes)
        return _FORMAT + marshal.dumps(fields)

    @classmethod
    def from_bytes(cls, data: bytes) -> CompiledTemplate:
        """Bytes of `to_bytes`, from a place that only this program writes. Raises StaleCompiledTemplate."""
        if not data.startswith(_FORMAT):
            raise StaleCompiledTemplate("compiled by another version")
        restored = cls(*marshal.loads(data[len(_FORMAT) :]))  # noqa: S302 - our own cache; see the docstring
        restored.grown = False
        return restored

    def sites(self, index: int, functions: Mapping[str, Function]) -> dict[int, Site]:
        """What the lines of one template's code stand for."""
        from steersman.core.template.compiler import generate
        from steersman.core.template.parser import parse

        trees = list(parse(self.name, self.source, functions).values())
        return generate(trees[index], functions, self.strict).sites
