"""Pipelines: the part of the template grammar inside an action, with Go's error texts.

`PipelineParser` is the lower half of `parser.py`, which adds statements and trees. Positions of nodes are Go's, since
error texts show them.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from steersman.core.golang.quote import QuoteSyntaxError, quote, unquote
from steersman.core.template.debug import place_at
from steersman.core.template.errors import ParseError
from steersman.core.template.lexer import (
    ASSIGN,
    BOOL,
    CHAR,
    CHAR_CONSTANT,
    COMPLEX,
    DECLARE,
    DOT,
    ERROR,
    FIELD,
    IDENTIFIER,
    LEFT_PAREN,
    NUMBER,
    PIPE,
    RAW_STRING,
    RIGHT,
    RIGHT_PAREN,
    STRING,
    VARIABLE,
    Token,
    tokenize,
)
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
    Tree,
    Variable,
)
from steersman.core.template.numbers import NumberError, char_constant, complex_constant, number_constant

_NUMBERS: Final = {
    CHAR_CONSTANT: char_constant,
    COMPLEX: complex_constant,
    NUMBER: number_constant,
}
_OPERANDS: Final = frozenset(
    {
        *_NUMBERS,
        BOOL,
        DOT,
        FIELD,
        IDENTIFIER,
        "nil",
        RAW_STRING,
        STRING,
        VARIABLE,
        LEFT_PAREN,
    }
)
_LITERALS: Final = (Bool, Dot, Nil, Number, String)


class TemplateFile:
    """What the trees of one file share: the tokens, the place among them, and the trees found so far."""

    def __init__(self, name: str, source: str, functions: Container[str]) -> None:
        self.name = name
        self.source = source
        self.functions = functions
        self.tokens = tokenize(source)
        self.index = 0
        self.trees: dict[str, Tree] = {}

    def line(self, token: Token) -> int:
        return self.source.count("\n", 0, token.position) + 1

    def failure(self, message: str, token: Token | None) -> ParseError:
        line = self.line(token) if token else 0
        place = place_at(self.name, self.source, token.position if token else None)
        return ParseError(f"template: {self.name}:{line}: {message}", place)


class PipelineParser:
    """Parses pipelines. `latest` is the last token this tree has looked at: its line is the one in error texts."""

    def __init__(self, file: TemplateFile) -> None:
        self.file = file
        self.tokens = file.tokens
        self.latest = -1
        self.variables = ["$"]
        self.action_start: Token | None = None

    # Reading tokens.

    def peek(self) -> Token:
        index = self.file.index
        if index > self.latest:
            self.latest = index
        return self.tokens[index]

    def next(self) -> Token:
        token = self.peek()
        self.file.index += 1
        return token

    def expect(self, context: str, *kinds: str) -> Token:
        token = self.next()
        if token.kind not in kinds:
            raise self.unexpected(token, context)
        return token

    # Errors.

    def error(self, message: str) -> ParseError:
        return self.file.failure(message, self.tokens[self.latest] if self.latest >= 0 else None)

    def error_before_space(self, message: str) -> ParseError:
        """An error where Go has looked no further than the white space before the latest token."""
        latest = self.tokens[self.latest]
        return self.file.failure(message, self.tokens[self.latest - 1] if latest.spaced else latest)

    def unexpected(self, token: Token, context: str) -> ParseError:
        if token.kind != ERROR:
            return self.error(f"unexpected {token} in {context}")
        extra = ""
        started = self.file.line(self.action_start) if self.action_start else 0
        if started not in (0, self.file.line(token)):
            action = "" if token.value.endswith(" action") else " in action"
            extra = f"{action} started at {self.file.name}:{started}"
        return self.error(f"{token}{extra}")

    # Pipelines.

    def pipeline(self, context: str, closing: str) -> Pipe:
        pipe = Pipe(self.peek().position)
        self.declarations(pipe, context)
        while True:
            token = self.peek()
            if token.kind == closing:
                self.file.index += 1
                break
            if token.kind not in _OPERANDS:
                self.next()
                raise self.unexpected(token, context)
            pipe.commands.append(self.command())
        self.check_pipeline(pipe, context)
        return pipe

    def declarations(self, pipe: Pipe, context: str) -> None:
        """`$x :=`, `$x =`, and in a range `$i, $e :=`."""
        while self.peek().kind == VARIABLE:
            start = self.file.index
            token = self.next()
            following = self.peek()
            is_comma = following.kind == CHAR and following.value == ","
            if not is_comma and following.kind not in (ASSIGN, DECLARE):
                self.file.index = start  # a variable used as an operand
                return
            self.file.index += 1
            pipe.variables.append(Variable(token.position, token.value))
            self.variables.append(token.value)
            if not is_comma:
                pipe.assigns = following.kind == ASSIGN
                return
            if context != "range" or len(pipe.variables) >= 2:
                raise self.error(f"too many declarations in {context}")
            if self.peek().kind not in (VARIABLE, RIGHT, RIGHT_PAREN):
                raise self.error("range can only initialize variables")

    def check_pipeline(self, pipe: Pipe, context: str) -> None:
        if not pipe.commands:
            raise self.error(f"missing value for {context}")
        for stage, command in enumerate(pipe.commands[1:], start=2):
            if isinstance(command.arguments[0], _LITERALS):
                raise self.error(f"non executable command in pipeline stage {stage}")

    def command(self) -> Command:
        command = Command(self.peek().position)
        while True:
            operand = self.operand()
            token = self.peek()
            if operand is not None:
                command.arguments.append(operand)
                if token.spaced:
                    continue
            if token.kind == PIPE:
                self.file.index += 1
            elif token.kind != RIGHT and token.kind != RIGHT_PAREN:
                raise self.unexpected(token, "operand")
            break
        if not command.arguments:
            raise self.error("empty command")
        return command

    def operand(self) -> Argument | None:
        """A term, perhaps followed by fields. None where no term stands."""
        node = self.term()
        if node is None:
            return None
        token = self.peek()
        if token.kind != FIELD or token.spaced:
            return node
        position = token.position
        names: list[str] = []
        while token.kind == FIELD and not token.spaced:
            names += token.value[1:].split(".")
            self.file.index += 1
            token = self.peek()
        if isinstance(node, Field):
            return Field(node.position if len(node.names) > 1 else position, (*node.names, *names))
        if isinstance(node, Variable):
            return Variable(position, node.name, tuple(names))
        if isinstance(node, _LITERALS):
            raise self.error_before_space(f"unexpected . after term {quote(str(node))}")
        return Chain(position, node, tuple(names))

    def field(self, token: Token) -> Field:
        """A chain is placed at the dot of its second part."""
        first, *others = token.value[1:].split(".")
        return Field(token.position + (len(first) + 1 if others else 0), (first, *others))

    def term(self) -> Argument | None:
        token = self.next()
        if token.kind == FIELD:
            return self.field(token)
        if token.kind == IDENTIFIER:
            return self.identifier(token)
        if token.kind == VARIABLE:
            return self.variable(token)
        if token.kind in (STRING, RAW_STRING):
            return String(token.position, token.value, self.unquoted(token))
        if token.kind == LEFT_PAREN:
            return self.pipeline("parenthesized pipeline", RIGHT_PAREN)
        if token.kind in _NUMBERS:
            return self.number(token)
        return self.constant(token)

    def constant(self, token: Token) -> Argument | None:
        if token.kind == DOT:
            return Dot(token.position)
        if token.kind == "nil":
            return Nil(token.position)
        if token.kind == BOOL:
            return Bool(token.position, token.value == "true")
        self.file.index -= 1
        return None

    def identifier(self, token: Token) -> Identifier:
        if token.value not in self.file.functions:
            raise self.error(f"function {quote(token.value)} not defined")
        return Identifier(token.position, token.value)

    def variable(self, token: Token) -> Variable:
        if token.value not in self.variables:
            raise self.error(f"undefined variable {quote(token.value)}")
        return Variable(token.position, token.value)

    def number(self, token: Token) -> Number:
        try:
            return _NUMBERS[token.kind](token.position, token.value)
        except (NumberError, QuoteSyntaxError) as error:
            raise self.error(str(error)) from error

    def unquoted(self, token: Token) -> str:
        try:
            return unquote(token.value)
        except QuoteSyntaxError as error:
            raise self.error(str(error)) from error
