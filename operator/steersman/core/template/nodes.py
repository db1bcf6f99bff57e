"""The parse tree of a template: one small class per kind of node, each knowing how Go writes it in error texts.

Built by `parser.py`, read by `scope.py` and `compiler.py`. `position` is the offset in the source, in characters; the
rules for which token gives the position are Go's and show in error texts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from steersman.core.golang.quote import quote


@dataclass(slots=True)
class Node:
    position: int


@dataclass(slots=True)
class Dot(Node):
    """`.`"""

    def __str__(self) -> str:
        return "."


@dataclass(slots=True)
class Nil(Node):
    """`nil`"""

    def __str__(self) -> str:
        return "nil"


@dataclass(slots=True)
class Bool(Node):
    """`true` or `false`"""

    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(slots=True)
class String(Node):
    """A string literal; `source` is how it was written."""

    source: str
    value: str

    def __str__(self) -> str:
        return self.source


@dataclass(slots=True)
class Number(Node):
    """A number literal: every Go type that can hold it has a value, the others None."""

    source: str
    integer: int | None = None
    unsigned: int | None = None
    floating: float | None = None
    imaginary: complex | None = None

    def __str__(self) -> str:
        return self.source


@dataclass(slots=True)
class Identifier(Node):
    """A function's name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True)
class Field(Node):
    """`.a.b`"""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join([f".{name}" for name in self.names])


@dataclass(slots=True)
class Variable(Node):
    """`$x` or `$x.a.b`: the variable's name with its dollar, then fields."""

    name: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join((self.name, *self.fields))


@dataclass(slots=True)
class Chain(Node):
    """`(pipeline).a.b` or `function.a.b`"""

    base: Argument
    names: tuple[str, ...]

    def __str__(self) -> str:
        base = f"({self.base})" if isinstance(self.base, Pipe) else str(self.base)
        return base + "".join([f".{name}" for name in self.names])


@dataclass(slots=True)
class Command(Node):
    """One stage of a pipeline: an operand, perhaps with arguments."""

    arguments: list[Argument] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join([f"({part})" if isinstance(part, Pipe) else str(part) for part in self.arguments])


@dataclass(slots=True)
class Pipe(Node):
    """A pipeline: declarations (`$x :=`) or assignments (`$x =`), then commands."""

    variables: list[Variable] = field(default_factory=list)
    assigns: bool = False
    commands: list[Command] = field(default_factory=list)

    def __str__(self) -> str:
        head = ""
        if self.variables:
            head = ", ".join(map(str, self.variables)) + (" = " if self.assigns else " := ")
        return head + " | ".join(map(str, self.commands))


Argument = Dot | Nil | Bool | String | Number | Identifier | Field | Variable | Chain | Pipe


@dataclass(slots=True)
class Text(Node):
    """Text outside of actions."""

    value: str


@dataclass(slots=True)
class Action(Node):
    """`{{ pipeline }}`"""

    pipe: Pipe


@dataclass(slots=True)
class Branch(Node):
    """What `if`, `with` and `range` share."""

    pipe: Pipe
    body: list[Statement]
    otherwise: list[Statement] | None


@dataclass(slots=True)
class If(Branch):
    """`{{ if }}`"""


@dataclass(slots=True)
class With(Branch):
    """`{{ with }}`"""


@dataclass(slots=True)
class Range(Branch):
    """`{{ range }}`"""


@dataclass(slots=True)
class Template(Node):
    """`{{ template "name" pipeline }}`; `{{ block }}` becomes one too."""

    name: str
    pipe: Pipe | None

    def __str__(self) -> str:
        argument = "" if self.pipe is None else f" {self.pipe}"
        return f"{{{{template {quote(self.name)}{argument}}}}}"


@dataclass(slots=True)
class Break(Node):
    """`{{ break }}`"""


@dataclass(slots=True)
class Continue(Node):
    """`{{ continue }}`"""


Statement = Text | Action | If | With | Range | Template | Break | Continue


@dataclass(slots=True)
class Tree:
    """One named template: the file itself, or a `define` or `block` in it."""

    name: str
    statements: list[Statement]

    def is_blank(self) -> bool:
        """Nothing but white space: such a definition never replaces another."""
        return all(isinstance(part, Text) and not part.value.strip() for part in self.statements)
