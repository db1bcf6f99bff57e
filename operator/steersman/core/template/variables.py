"""Values and variables of generated code: the ground under `expressions.py`.

A `Value` is what generated code knows of a result; `Variables` keeps where each declared variable is, and writes the
errors that are known before anything runs.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from steersman.core.template.funcs.registry import STRING
from steersman.core.template.generator import At, Generator, Site, literal
from steersman.core.template.nodes import Dot, Variable
from steersman.core.template.scope import Scope, Slot


class Value(NamedTuple):
    """An expression that can be repeated: a local or a constant.

    `type` is the Go type if it is known, else empty; a value of known type is never nil. `interface` is an expression:
    whether Go would hold it as `interface {}`, see `reflect`.
    """

    code: str
    type: str = ""
    interface: str = "False"

    def is_local(self) -> bool:
        return self.code[0] in "dvx"

    def is_string_constant(self) -> bool:
        return self.type == STRING and self.code[:1] in "'\""


NIL: Final = Value("None")


class Variables:
    """The variables of one tree. `at` is what text/template would call the current node, which errors show."""

    def __init__(self, out: Generator, scope: Scope) -> None:
        self.out = out
        self.scope = scope
        self.at: At = Dot(0)
        self.places: dict[int, Value] = {}

    def declare(self, slot: Slot, value: Value) -> None:
        """A new variable. Where it is never assigned again, one that holds a dot is only another name of it."""
        if value.code[:1] == "d" and not slot.assigned and not slot.conditional:
            self.places[slot.number] = value
        else:
            self.store(slot, value)

    def store(self, slot: Slot, value: Value) -> None:
        local = f"v{slot.number}"
        self.out.emit(f"{local}={value.code}")
        if slot.is_mixed:
            self.out.emit(f"i{slot.number}={value.interface}")
            self.places[slot.number] = Value(local, interface=f"i{slot.number}")
        elif slot.assigned or slot.conditional:
            # Another branch may store another type.
            self.places[slot.number] = Value(local, interface=value.interface)
        else:
            self.places[slot.number] = Value(local, value.type, value.interface)

    def assign(self, variable: Variable, value: Value) -> None:
        slot = self.scope.slot(variable)
        if slot is None:
            self.fail(f"undefined variable: {variable.name}")
        else:
            self.store(slot, value)

    def variable(self, node: Variable) -> Value:
        slot = self.scope.slot(node)
        if slot is None:
            return self.fail(f"undefined variable: {node.name}")
        if slot.conditional:
            undefined = literal(f"undefined variable: {node.name}")
            self.out.emit(f"if 'v{slot.number}' not in locals():fail({undefined})", Site(self.at))
        # A declaration among the arguments of a call that always fails is never reached, nor is what reads it.
        value = self.places.get(slot.number, NIL)
        return self.copied(value) if self.scope.assigns_in_arguments else value

    def copied(self, value: Value) -> Value:
        """A snapshot, where a later argument of the same call may assign the variable."""
        local = self.out.temporary()
        self.out.emit(f"{local}={value.code}")
        return Value(local, value.type, value.interface)

    def fail(self, message: str) -> Value:
        """An error known at compile time, which counts when the place is reached."""
        self.out.emit(f"fail({literal(message)})", Site(self.at))
        return NIL
