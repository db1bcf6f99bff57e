"""Pipelines, commands, fields and calls → Python source, for `compiler.py`.

Each expression becomes assignments to locals in Go's order of evaluation and gives a `Value`: where the result is, and
what is known of its type. While it goes, `at` follows what text/template would call the current node: an error shows
the node that was looked at last, which is not always the one at fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Final

from steersman.core.golang.kinds import INTERFACE, can_be_nil
from steersman.core.golang.types import GoValue
from steersman.core.template.funcs.registry import BOOL, FLOAT64, INT, STRING, Function
from steersman.core.template.generator import At, Generator, Moving, Site, literal
from steersman.core.template.inline import inlined
from steersman.core.template.nodes import (
    Argument,
    Bool,
    Chain,
    Command,
    Dot,
    Field,
    Identifier,
    Nil,
    Number,
    Pipe,
    String,
    Variable,
)
from steersman.core.template.reflect import LITERAL_WORDS, VALUES_METHODS
from steersman.core.template.scope import Scope
from steersman.core.template.variables import NIL, Value, Variables

_EXACT_CHECKS: Final = {
    "string": "str",
    "int": "int",
    "float64": "float",
    "bool": "bool",
    "[]interface {}": "list",
    "map[string]interface {}": "dict",
    "int64": "Int64",
}
"""Types whose values have exactly one Python type in nearly all cases; others are checked by `validated`."""


class Expressions(Variables):
    """The expression half of the compiler of one tree. `dot` is the current value of `.`."""

    def __init__(self, out: Generator, scope: Scope, functions: Mapping[str, Function], strict: bool) -> None:
        super().__init__(out, scope)
        self.functions = functions
        self.strict = strict
        self.dot = Value("d0")

    # Pipelines.

    def pipeline(self, pipe: Pipe, *, declares: bool = True, tracks: bool = False) -> Value:
        """`declares` False leaves the variables to the caller (range). `tracks`: a failure of what uses the value needs
        to know where an `and` or `or` stopped."""
        self.at = pipe
        value: Value | None = None
        # What fails at the node evaluated last: an assignment to nothing, a parenthesis that is given an argument.
        tracked = [isinstance(command.arguments[0], Pipe) for command in pipe.commands[1:]] + [tracks or pipe.assigns]
        for command, tracks_command in zip(pipe.commands, tracked, strict=True):
            value = self.command(command, value, tracks=tracks_command)
            value = Value(value.code, value.type)  # a pipeline looks into interfaces after every stage
        assert value is not None
        if declares and pipe.variables:
            self.declare_all(pipe, value)
        return value

    def declare_all(self, pipe: Pipe, value: Value) -> None:
        for variable in pipe.variables:
            if pipe.assigns:
                self.assign(variable, value)
            else:
                slot = self.scope.slot(variable)
                assert slot is not None
                self.declare(slot, value)

    def command(self, command: Command, final: Value | None, *, tracks: bool) -> Value:
        first, rest = command.arguments[0], command.arguments[1:]
        match first:
            case Identifier():
                return self.call(first, command, rest, final, tracks=tracks)
            case Field():
                self.at = first
                return self.fields(self.dot, first.names, first, rest, final)
            case Variable() if first.fields:
                self.at = first
                return self.fields(self.variable(first), first.fields, first, rest, final)
            case Chain():
                self.at = first
                return self.fields(self.chain_base(first), first.names, first, rest, final)
        if not isinstance(first, Pipe):
            self.at = first
        if rest or final is not None:
            if isinstance(first, Variable):
                self.variable(first)  # which may fail first
            return self.fail(f"can't give argument to non-function {first}")
        if isinstance(first, Nil):
            return self.fail("nil is not a command")
        return self.operand(first, tracks=tracks)

    def chain_base(self, node: Chain) -> Value:
        return self.operand(node.base, tracks=True)

    def operand(self, node: Argument, *, tracks: bool = False) -> Value:
        """A value where anything may stand: an argument of type interface {}, or a whole command."""
        self.at = node
        match node:
            case Pipe():
                return self.pipeline(node, tracks=tracks)
            case Field():
                return self.fields(self.dot, node.names, node, (), None)
            case Variable():
                base = self.variable(node)
                return self.fields(base, node.fields, node, (), None) if node.fields else base
            case Chain():
                return self.fields(self.chain_base(node), node.names, node, (), None)
            case Identifier():
                return self.call(node, node, (), None, tracks=tracks)
            case Dot():
                return self.dot
            case Nil():
                return NIL
            case Bool():
                return Value(literal(node.value), BOOL)
            case String():
                return Value(literal(node.value), STRING)
            case Number():
                return self.ideal_number(node)

    def ideal_number(self, node: Number) -> Value:
        """A number where no type is asked for: its spelling decides."""
        if node.imaginary is not None:
            return Value(literal(node.imaginary), "complex128")
        if node.floating is not None and _looks_like_float(node.source):
            return Value(literal(node.floating), FLOAT64)
        if node.integer is not None:
            return Value(literal(node.integer), INT)
        return self.fail(f"{node.source} overflows int")

    # Fields and methods.

    def fields(
        self, base: Value, names: tuple[str, ...], node: At, arguments: Sequence[Argument], final: Value | None
    ) -> Value:
        if arguments or final is not None:
            return self.method(base, names, node, arguments, final)
        return self.chain(base, names, node)

    def chain(self, base: Value, names: tuple[str, ...], node: At) -> Value:
        """Reads fields of dicts directly; whatever else the values are, `field_chain` sorts out."""
        if not names:
            return base
        target = self.out.temporary()
        slow = f"{target}=field_chain({base.code},{literal(names)}{self.flags(base)})"
        if base.is_local() and VALUES_METHODS.keys().isdisjoint(names):
            path = "".join([f"[{literal(name)}]" for name in names[:-1]])
            last = f"[{literal(names[-1])}]" if self.strict else f".get({literal(names[-1])})"
            self.out.emit(f"try:{target}={base.code}{path}{last}")
            self.out.emit(f"except FIELD_ERRORS:{slow}", Site(self.at, calling=node))
        else:
            self.out.emit(slow, Site(self.at, calling=node))
        # Fields of a nil that has no type are nil without a type again.
        return Value(target, interface=f"{base.code} is not None" if base.is_local() else "True")

    def flags(self, base: Value) -> str:
        """The last arguments of functions of `reflect`, left out where they are as usual."""
        if self.strict:
            return f",{base.interface},True"
        return "" if base.interface == "False" else f",{base.interface}"

    def method(
        self, base: Value, names: tuple[str, ...], node: At, arguments: Sequence[Argument], final: Value | None
    ) -> Value:
        """`.a.b argument…`: the last name must be a method."""
        method, result = self.out.temporary(), self.out.temporary()
        count = len(arguments) + (final is not None)
        self.out.emit(
            f"{method}=method_of({base.code},{literal(names)},{count}{self.flags(base)})",
            Site(self.at),
        )
        self.out.emit(f"{result}=None")
        with self.out.block(f"if {method} is not None:"):
            values, places = self.method_arguments(arguments, final)
            codes = "".join([f"{value.code}," for value in values])
            interfaces = "".join([f"{value.interface}," for value in values])
            self.out.emit(
                f"{method}_=method_arguments({method},({codes}),({interfaces}))", Site(self.at, arguments=places)
            )
            self.out.emit(f"{result}={method}(*{method}_)", Site(node, function=names[-1]))
        return Value(result)

    def method_arguments(
        self, arguments: Sequence[Argument], final: Value | None
    ) -> tuple[list[Value], tuple[At, ...]]:
        values: list[Value] = []
        places: list[At] = []
        for argument in arguments:
            values.append(self.method_argument(argument))
            places.append(self.at)
        if final is not None:
            values.append(final)
            places.append(self.at)
        return values, tuple(places)

    def method_argument(self, node: Argument) -> Value:
        self.at = node
        options: dict[str, GoValue]
        match node:
            case Nil():
                options = {"ideal": None, "nil": True}
            case Bool():
                options = {"ideal": node.value, BOOL: node.value}
            case String():
                options = {"ideal": node.value, STRING: node.value}
            case Number():
                options = {"int": node.integer, "int64": node.integer, FLOAT64: node.floating}
                options["ideal"] = node.floating if _looks_like_float(node.source) else node.integer
            case _:
                return self.operand(node)
        named = "".join([f",{name}={literal(value)}" for name, value in options.items()])
        return Value(f"Literal({literal(str(node))}{named})")

    # Calls.

    def call(
        self, node: Identifier, whole: At, arguments: Sequence[Argument], final: Value | None, *, tracks: bool = False
    ) -> Value:
        """A call of a function. `whole` is what an error of the function itself shows."""
        self.at = node
        function = self.functions[node.name]
        wrong = _wrong_count(function, node.name, len(arguments), final is not None)
        if wrong:
            return self.fail(wrong)
        if node.name in ("and", "or"):
            return self.short_circuit(node.name, arguments, final, tracks=tracks)
        last = len(arguments) - 1
        values = [
            self.argument(argument, _parameter(function, index), tracks=tracks and index == last)
            for index, argument in enumerate(arguments)
        ]
        if final is not None:
            values.append(self.validated(final, _parameter(function, len(arguments))))
        site = Site(whole, function=node.name)
        code = inlined(node.name, values) or self.plain_call(function, node.name, arguments, values, site)
        target = self.out.temporary()
        self.out.emit(f"{target}={code}", site)
        known = "" if function.result == INTERFACE or can_be_nil(function.result) else function.result
        return Value(target, known, str(function.result == INTERFACE))

    def plain_call(
        self, function: Function, name: str, arguments: Sequence[Argument], values: Sequence[Value], site: Site
    ) -> str:
        parts = [value.code for value in values]
        if name == "len" and values[0].interface != "False":
            # Only here do functions see whether a nil has a type.
            self.out.emit(f"if {parts[0]} is None and {values[0].interface}:nil_length()", site)
        if name == "call":
            parts.insert(0, literal(str(arguments[0])) if arguments else "None")
        if function.runtime:
            parts.insert(0, "R")
        return f"f_{name}({','.join(parts)})"

    def short_circuit(self, name: str, arguments: Sequence[Argument], final: Value | None, *, tracks: bool) -> Value:
        """`and` and `or` stop at the argument that decides, and give it."""
        result = self.out.temporary()
        stopped = f"{result}_"
        test = f"if {'not ' if name == 'or' else ''}{result}:"
        places: list[At] = []
        for index, argument in enumerate(arguments):
            with self.out.block(test) if index else nullcontext():
                self.out.emit(f"{result}={self.operand(argument, tracks=tracks).code}")
                places.append(self.at)
                if tracks:
                    self.out.emit(f"{stopped}={index}")
        if final is not None:
            with self.out.block(test) if arguments else nullcontext():
                self.out.emit(f"{result}={final.code}")
        if tracks and len(places) > 1:
            self.at = Moving(stopped, places)
        return Value(result)

    def argument(self, node: Argument, static_type: str, *, tracks: bool) -> Value:
        """An argument for a parameter of this type."""
        self.at = node
        if isinstance(node, Nil):
            return NIL if can_be_nil(static_type) else self.fail(f"cannot assign nil to {static_type}")
        if static_type == INTERFACE:
            return self.operand(node, tracks=tracks)
        if isinstance(node, Bool | String | Number):
            return self.typed_literal(node, static_type)
        return self.validated(self.operand(node, tracks=True), static_type)

    def typed_literal(self, node: Bool | String | Number, static_type: str) -> Value:
        word = LITERAL_WORDS.get(static_type)
        if word is None:
            return self.fail(f"can't handle {node} for arg of type {static_type}")
        value = _literal_as(node, static_type)
        if value is None:
            return self.fail(f"expected {word}; found {node}")
        code = literal(value)
        return Value(f"Int64({code})" if static_type == "int64" else code, static_type)

    def validated(self, value: Value, static_type: str) -> Value:
        """A check that the value can be passed as this type, unless that is known."""
        if static_type in (INTERFACE, value.type):
            return value
        check = f"validated({value.code},{literal(static_type)},{value.interface})"
        exact = _EXACT_CHECKS.get(static_type)
        if exact is None:
            self.out.emit(check, Site(self.at))
        else:
            self.out.emit(f"if type({value.code}) is not {exact}:{check}", Site(self.at))
        return value


def _parameter(function: Function, index: int) -> str:
    if index < len(function.params):
        return function.params[index]
    assert function.variadic is not None
    return function.variadic


def _wrong_count(function: Function, name: str, given: int, piped: bool) -> str:
    fixed, total = len(function.params), given + piped
    if function.variadic is not None:
        return f"wrong number of args for {name}: want at least {fixed} got {given}" if total < fixed else ""
    return f"wrong number of args for {name}: want {fixed} got {total}" if total != fixed else ""


def _looks_like_float(source: str) -> bool:
    is_hex_integer = len(source) > 2 and source[0] == "0" and source[1] in "xX" and not set("pP") & set(source)
    return not is_hex_integer and source[0] != "'" and any(mark in source for mark in ".eEpP")


def _literal_as(node: Bool | String | Number, static_type: str) -> GoValue:
    """The literal as a value of the type, or None."""
    if isinstance(node, Number):
        return {
            "int": node.integer,
            "int64": node.integer,
            "uint8": node.unsigned,
            "uint32": node.unsigned,
            "float64": node.floating,
            "complex128": node.imaginary,
        }.get(static_type)
    return node.value if static_type == (BOOL if isinstance(node, Bool) else STRING) else None
