"""Which declaration each variable of a template means, decided before code is generated.

Go looks variables up by name on a stack while it runs; the stack follows the text, so the answer can be had once.
`resolve` gives the compiler a `Scope`: the slot (a Python local) of every declaration, assignment and use.

A slot also remembers what it may hold: `elements` of a collection keep Go's static type `interface {}`, which shows in
error texts and in what a nil does; `values` of pipelines have the type of the value itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from steersman.core.template.nodes import (
    Action,
    Chain,
    Command,
    Identifier,
    If,
    Node,
    Pipe,
    Range,
    Statement,
    Template,
    Tree,
    Variable,
    With,
)


@dataclass(slots=True, eq=False)
class Slot:
    """One declaration. `conditional`: it stands in an argument of `and`/`or` that may never be evaluated."""

    number: int
    name: str
    values: bool = False
    elements: bool = False
    assigned: bool = False
    conditional: bool = False

    @property
    def is_mixed(self) -> bool:
        return self.values and self.elements


@dataclass(slots=True)
class Scope:
    """The slots of one tree, found by the node that names them (by identity)."""

    root: Slot
    slots: dict[int, Slot | None] = field(default_factory=dict)
    otherwise: dict[int, list[Slot]] = field(default_factory=dict)
    assigns_in_arguments: bool = False

    def slot(self, node: Variable) -> Slot | None:
        """The slot that the node declares, assigns or reads; None for an assignment to nothing."""
        return self.slots[id(node)]

    def collection_slots(self, node: Range) -> list[Slot]:
        """What the variables of a range mean in its `else`: there they hold the empty collection."""
        return self.otherwise.get(id(node), [])


def resolve(tree: Tree) -> Scope:
    """Bind all variables of a tree."""
    resolver = _Resolver()
    resolver.statements(tree.statements)
    return resolver.scope


class _Resolver:
    def __init__(self) -> None:
        self.count = 0
        self.conditional = False
        self.visible: list[Slot] = []
        self.scope = Scope(self.declare("$"))
        self.scope.root.values = True

    def declare(self, name: str) -> Slot:
        slot = Slot(self.count, name, conditional=self.conditional)
        self.count += 1
        self.visible.append(slot)
        return slot

    def find(self, name: str) -> Slot | None:
        return next((slot for slot in reversed(self.visible) if slot.name == name), None)

    @contextmanager
    def block(self) -> Iterator[None]:
        """Declarations inside end with the block."""
        known = len(self.visible)
        yield
        del self.visible[known:]

    def statements(self, statements: Iterable[Statement]) -> None:
        for statement in statements:
            if isinstance(statement, Action):
                self.pipe(statement.pipe)
            elif isinstance(statement, Template):
                if statement.pipe is not None:
                    self.pipe(statement.pipe)
            elif isinstance(statement, If | With):
                self.branch(statement)
            elif isinstance(statement, Range):
                self.range(statement)

    def branch(self, node: If | With) -> None:
        with self.block():
            self.pipe(node.pipe)
            with self.block():
                self.statements(node.body)
            with self.block():
                self.statements(node.otherwise or ())

    def range(self, node: Range) -> None:
        with self.block():
            self.commands(node.pipe)
            with self.block():
                for variable in node.pipe.variables:
                    self.bind(variable, assigns=node.pipe.assigns, element=self.takes_element(node, variable))
                with self.block():
                    self.statements(node.body)
            if not node.pipe.assigns:
                self.scope.otherwise[id(node)] = [self.collection(variable) for variable in node.pipe.variables]
            self.statements(node.otherwise or ())

    def takes_element(self, node: Range, variable: Variable) -> bool:
        """The last variable of a range takes the element, the first of two the index or key."""
        return variable is node.pipe.variables[-1]

    def collection(self, variable: Variable) -> Slot:
        slot = self.declare(variable.name)
        slot.values = True
        return slot

    def bind(self, variable: Variable, *, assigns: bool, element: bool = False) -> None:
        if assigns:
            slot = self.find(variable.name)
            if slot is not None:
                slot.assigned = True
                # A range first assigns the collection itself.
                slot.values = True
        else:
            slot = self.declare(variable.name)
        if slot is not None:
            slot.elements |= element
            slot.values |= not element
        self.scope.slots[id(variable)] = slot

    def pipe(self, pipe: Pipe) -> None:
        self.commands(pipe)
        for variable in pipe.variables:
            self.bind(variable, assigns=pipe.assigns)

    def commands(self, pipe: Pipe) -> None:
        for command in pipe.commands:
            self.command(command)

    def command(self, command: Command) -> None:
        first = command.arguments[0]
        may_stop = isinstance(first, Identifier) and first.name in ("and", "or")
        for index, argument in enumerate(command.arguments):
            before = self.conditional
            self.conditional |= may_stop and index >= 2
            self.argument(argument)
            self.conditional = before

    def argument(self, node: Node) -> None:
        if isinstance(node, Variable):
            self.scope.slots[id(node)] = self.find(node.name)
        elif isinstance(node, Chain):
            self.argument(node.base)
        elif isinstance(node, Pipe):
            self.scope.assigns_in_arguments |= node.assigns
            self.pipe(node)
