"""Template files → `CompiledTemplate`: each tree becomes a Python function that takes the Runtime and the dot and
returns text.

`compile_template` is called by `environment.py`. Statements are here, pipelines and calls in `expressions.py`. What
runs is plain Python: fields are read from dicts directly, arguments are checked only where types known now do not
settle it, blocks are Python's own. The text goes to a list by `w`; names are `d1` (dots), `v1` (variables), `x1`
(intermediate values).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import CodeType
from typing import Final

from steersman.core.template.compiled import CompiledTemplate
from steersman.core.template.debug import place_at
from steersman.core.template.errors import ParseError
from steersman.core.template.expressions import Expressions
from steersman.core.template.funcs.registry import STRING, Function
from steersman.core.template.generator import Generator, Site, TooDeep, literal
from steersman.core.template.nodes import (
    Action,
    Break,
    Continue,
    If,
    Range,
    Statement,
    Template,
    Text,
    Tree,
    Variable,
    With,
)
from steersman.core.template.parser import parse
from steersman.core.template.scope import resolve
from steersman.core.template.variables import Value


def compile_template(name: str, source: str, functions: Mapping[str, Function], *, strict: bool) -> CompiledTemplate:
    """Compile a file. It is parsed at once, since Helm complains about templates it never runs. Raises ParseError."""
    try:
        trees = list(parse(name, source, functions).values())
        codes: list[str | CodeType] = [generate(tree, functions, strict).source() for tree in trees]
    except (TooDeep, RecursionError) as error:
        raise ParseError(f"template: {name}:1: template nests too deeply", place_at(name, source, 0)) from error
    names = tuple([tree.name for tree in trees])
    return CompiledTemplate(name, source, strict, names, tuple([tree.is_blank() for tree in trees]), codes)


def generate(tree: Tree, functions: Mapping[str, Function], strict: bool) -> Generator:
    """The code of one tree, as a function `t`."""
    out = Generator()
    with out.block("def t(R,d0):"):
        _TreeCompiler(out, tree, functions, strict).run()
    return out


class _TreeCompiler(Expressions):
    """Compiles one tree."""

    def __init__(self, out: Generator, tree: Tree, functions: Mapping[str, Function], strict: bool) -> None:
        super().__init__(out, resolve(tree), functions, strict)
        self.tree = tree
        self.dots = 0

    def run(self) -> None:
        self.out.emit("o=[]")
        self.out.emit("w=o.append")
        self.declare(self.scope.root, Value("d0"))
        self.statements(self.tree.statements)
        self.out.emit("return ''.join(o)")

    def statements(self, statements: Sequence[Statement]) -> None:
        for statement in statements:
            temporaries = self.out.temporaries
            self._STATEMENTS[type(statement)](self, statement)
            self.out.temporaries = temporaries

    def text(self, node: Text) -> None:
        self.out.emit(f"w({literal(node.value)})")

    def break_(self, _: Break) -> None:
        self.out.emit("break")

    def continue_(self, _: Continue) -> None:
        self.out.emit("continue")

    def action(self, node: Action) -> None:
        value = self.pipeline(node.pipe)
        if node.pipe.variables:
            return
        code = value.code
        if value.type == STRING:
            self.out.emit(f"w({code})")
        elif value.type:
            self.out.emit(f"w(display({code}))", Site(self.at))
        else:
            self.out.emit(f"w({code} if type({code}) is str else display({code}))", Site(self.at))

    def if_(self, node: If) -> None:
        value = self.pipeline(node.pipe)
        self.branches(value.code, node.body, node.otherwise)

    def branches(self, condition: str, body: Sequence[Statement], otherwise: Sequence[Statement] | None) -> None:
        with self.out.block(f"if {condition}:"):
            self.statements(body)
        if otherwise:
            with self.out.block("else:"):
                self.statements(otherwise)

    def with_(self, node: With) -> None:
        value = self.pipeline(node.pipe)
        dot = self.new_dot()
        self.out.emit(f"{dot}={value.code}")
        with self.out.block(f"if {dot}:"):
            outer, self.dot = self.dot, Value(dot, value.type)
            self.statements(node.body)
            self.dot = outer
        if node.otherwise:
            with self.out.block("else:"):
                self.statements(node.otherwise)

    def new_dot(self) -> str:
        self.dots += 1
        return f"d{self.dots}"

    def range_(self, node: Range) -> None:
        value = self.pipeline(node.pipe, declares=False, tracks=True)
        if value.code[0] == "v":
            value = self.copied(value)  # the body may assign the variable, and errors in it ask for the collection
        collection, items = value.code, self.out.temporary()
        variables = node.pipe.variables
        if node.pipe.assigns:
            # Before the first round the variables hold the collection itself, also where they are never set again.
            for variable in variables:
                self.assign(variable, Value(collection))
        if len(variables) == 2:
            self.out.emit(f"{items}=pairs({collection})", Site(self.at))
        else:
            exact = f"{collection} if type({collection}) is list else "
            self.out.emit(f"{items}={exact}elements({collection})", Site(self.at))
        with self.out.block(f"if {items}:"):
            self.loop(node, collection, items)
        if node.otherwise:
            with self.out.block("else:"):
                for slot in self.scope.collection_slots(node):
                    self.declare(slot, Value(collection))
                self.statements(node.otherwise)

    def loop(self, node: Range, collection: str, items: str) -> None:
        dot, key = self.new_dot(), self.out.temporary()
        element = Value(dot, interface=f"holds_interfaces({collection})")
        variables = node.pipe.variables
        target = f"{key},{dot}" if len(variables) == 2 else dot
        with self.out.loop(f"for {target} in {items}:"):
            if len(variables) == 2:
                self.set_range_variable(node, variables[0], Value(key))
            if variables:
                self.set_range_variable(node, variables[-1], element)
            outer, self.dot = self.dot, element
            self.statements(node.body)
            self.dot = outer
        self.out.end_loop()

    def set_range_variable(self, node: Range, variable: Variable, value: Value) -> None:
        slot = self.scope.slot(variable)
        if slot is not None:
            if node.pipe.assigns:
                self.store(slot, value)
            else:
                self.declare(slot, value)

    def template(self, node: Template) -> None:
        self.at = node
        function = self.out.temporary()
        self.out.emit(f"{function}=defined(R,{literal(node.name)})", Site(node))
        argument = "None" if node.pipe is None else self.pipeline(node.pipe).code
        self.out.emit(f"w({function}(R,{argument}))", Site(node, nested=True))

    _STATEMENTS: Final[Mapping[type[Statement], Callable[..., None]]] = {
        Action: action,
        Break: break_,
        Continue: continue_,
        If: if_,
        Range: range_,
        Template: template,
        Text: text,
        With: with_,
    }
