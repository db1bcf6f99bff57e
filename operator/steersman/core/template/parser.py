"""Template source → trees, with Go's grammar and error texts (text/template/parse).

`parse` is called by `compiled.py`. A file gives several trees: its own and one per `define` and `block`. What Go checks
while parsing is checked here (functions and variables exist, `break` stands in a `range`…), the rest at run time.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from steersman.core.golang.quote import QuoteSyntaxError, quote, unquote
from steersman.core.template.debug import place_at
from steersman.core.template.errors import ParseError
from steersman.core.template.lexer import Kind, Token, tokenize
from steersman.core.template.nodes import (
    Action,
    Argument,
    Bool,
    Break,
    Chain,
    Command,
    Continue,
    Dot,
    Field,
    Identifier,
    If,
    Nil,
    Node,
    Number,
    Pipe,
    Range,
    Statement,
    String,
    Template,
    Text,
    Tree,
    Variable,
    With,
)
from steersman.core.template.numbers import NumberError, char_constant, complex_constant, number_constant

_NUMBERS: Final = {
    Kind.CHAR_CONSTANT: char_constant,
    Kind.COMPLEX: complex_constant,
    Kind.NUMBER: number_constant,
}
_OPERANDS: Final = frozenset(
    {
        *_NUMBERS,
        Kind.BOOL,
        Kind.DOT,
        Kind.FIELD,
        Kind.IDENTIFIER,
        Kind.NIL,
        Kind.RAW_STRING,
        Kind.STRING,
        Kind.VARIABLE,
        Kind.LEFT_PAREN,
    }
)
_LITERALS: Final = (Bool, Dot, Nil, Number, String)
_BRANCHES: Final[dict[str, type[If] | type[With] | type[Range]]] = {"if": If, "with": With, "range": Range}


def parse(name: str, source: str, functions: Container[str]) -> dict[str, Tree]:
    """All templates of one file by name, the file's own under `name`. Raises ParseError."""
    source_of = _Source(name, source, functions)
    try:
        _TreeParser(source_of, name).file()
    except RecursionError:
        raise source_of.failure(1, "max expression depth exceeded") from None
    return source_of.trees


class _Source:
    """What the trees of one file share: the tokens, the place among them, and the trees found so far."""

    def __init__(self, name: str, source: str, functions: Container[str]) -> None:
        self.name = name
        self.source = source
        self.functions = functions
        self.tokens = tokenize(source)
        self.index = 0
        self.trees: dict[str, Tree] = {}

    def failure(self, line: int, message: str, position: int | None = None) -> ParseError:
        text = f"template: {self.name}:{line}: {message}"
        return ParseError(text, place_at(self.name, self.source, position, line))


class _End(Node):
    """`{{ end }}` or `{{ else }}`, which end a list of statements."""

    def __init__(self, position: int, text: str) -> None:
        super().__init__(position)
        self.text = text

    def __str__(self) -> str:
        return self.text


_END: Final = "{{end}}"
_ELSE: Final = "{{else}}"


class _TreeParser:
    """Parses one tree. `latest` is the last token this tree has looked at: its line is the one in error texts."""

    def __init__(self, source: _Source, name: str) -> None:
        self.source = source
        self.tokens = source.tokens
        self.name = name
        self.latest = -1
        self.variables = ["$"]
        self.action_line = 0
        self.range_depth = 0

    # Reading tokens.

    def peek(self) -> Token:
        index = min(self.source.index, len(self.tokens) - 1)
        self.latest = max(self.latest, index)
        return self.tokens[index]

    def next(self) -> Token:
        token = self.peek()
        self.source.index += 1
        return token

    def peek_word(self) -> Token:
        """The next token that is not white space, which is skipped."""
        while self.peek().kind is Kind.SPACE:
            self.source.index += 1
        return self.peek()

    def next_word(self) -> Token:
        token = self.peek_word()
        self.source.index += 1
        return token

    def expect(self, context: str, *kinds: Kind) -> Token:
        token = self.next_word()
        if token.kind not in kinds:
            raise self.unexpected(token, context)
        return token

    # Errors.

    def error(self, message: str) -> ParseError:
        if self.latest < 0:
            return self.source.failure(0, message)
        token = self.tokens[self.latest]
        return self.source.failure(token.line, message, token.position)

    def unexpected(self, token: Token, context: str) -> ParseError:
        if token.kind is not Kind.ERROR:
            return self.error(f"unexpected {token} in {context}")
        extra = ""
        if self.action_line not in (0, token.line):
            action = "" if token.value.endswith(" action") else " in action"
            extra = f"{action} started at {self.source.name}:{self.action_line}"
        return self.error(f"{token}{extra}")

    # Trees.

    def file(self) -> None:
        """A whole file: statements and definitions."""
        statements: list[Statement] = []
        while self.peek().kind is not Kind.EOF:
            if self.peek().kind is Kind.LEFT:
                start = self.source.index
                self.next()
                if self.next_word().kind is Kind.DEFINE:
                    _TreeParser(self.source, "definition").definition()
                    continue
                self.source.index = start
            node = self.statement()
            if isinstance(node, _End):
                raise self.error(f"unexpected {node}")
            statements.append(node)
        self.add(statements)

    def definition(self) -> None:
        """`{{ define "name" }}…{{ end }}`, from after the keyword."""
        context = "define clause"
        self.name = self.unquoted(self.expect(context, Kind.STRING, Kind.RAW_STRING))
        self.expect(context, Kind.RIGHT)
        statements, end = self.statements()
        if end.text != _END:
            raise self.error(f"unexpected {end} in {context}")
        self.add(statements)

    def add(self, statements: list[Statement]) -> None:
        """A second definition of a name is an error unless one of the two is blank."""
        tree = Tree(self.name, statements)
        known = self.source.trees.get(self.name)
        if known is None or known.is_blank():
            self.source.trees[self.name] = tree
        elif not tree.is_blank():
            raise self.error(f"template: multiple definition of template {quote(self.name)}")

    # Statements.

    def statements(self) -> tuple[list[Statement], _End]:
        """Statements up to `end` or `else`."""
        found: list[Statement] = []
        while self.peek_word().kind is not Kind.EOF:
            node = self.statement()
            if isinstance(node, _End):
                return found, node
            found.append(node)
        raise self.error("unexpected EOF")

    def statement(self) -> Statement | _End:
        token = self.next_word()
        if token.kind is Kind.TEXT:
            return Text(token.position, token.value)
        if token.kind is not Kind.LEFT:
            raise self.unexpected(token, "input")
        self.action_line = token.line
        node = self.action()
        self.action_line = 0
        return node

    def action(self) -> Statement | _End:
        token = self.peek_word()
        keyword = self._KEYWORDS.get(token.kind)
        if keyword is None:
            return Action(token.position, self.pipeline("command", Kind.RIGHT))
        self.source.index += 1
        return keyword(self, token)

    def block(self, _: Token) -> Statement:
        context = "block clause"
        token = self.next_word()
        name = self.template_name(token, context)
        pipe = self.pipeline(context, Kind.RIGHT)
        inner = _TreeParser(self.source, name)
        statements, end = inner.statements()
        if end.text != _END:
            raise self.error(f"unexpected {end} in {context}")
        inner.add(statements)
        return Template(token.position, name, pipe)

    def template(self, _: Token) -> Statement:
        context = "template clause"
        token = self.next_word()
        name = self.template_name(token, context)
        if self.peek_word().kind is Kind.RIGHT:
            self.source.index += 1
            return Template(token.position, name, None)
        return Template(token.position, name, self.pipeline(context, Kind.RIGHT))

    def template_name(self, token: Token, context: str) -> str:
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            raise self.unexpected(token, context)
        return self.unquoted(token)

    def break_(self, token: Token) -> Statement:
        self.leave_range("{{break}}")
        return Break(token.position)

    def continue_(self, token: Token) -> Statement:
        self.leave_range("{{continue}}")
        return Continue(token.position)

    def leave_range(self, shown: str) -> None:
        token = self.next_word()
        if token.kind is not Kind.RIGHT:
            raise self.unexpected(token, shown)
        if self.range_depth == 0:
            raise self.error(f"{shown} outside {{{{range}}}}")

    def end(self, _: Token) -> _End:
        return _End(self.expect("end", Kind.RIGHT).position, _END)

    def else_(self, _: Token) -> _End:
        token = self.peek_word()
        if token.kind not in (Kind.IF, Kind.WITH):  # `else if` leaves its `if` for `branch`
            self.expect("else", Kind.RIGHT)
        return _End(token.position, _ELSE)

    def branch(self, token: Token) -> If | With | Range:
        """`if`, `with` or `range` with its bodies, from after the keyword."""
        context = token.value
        known = len(self.variables)
        pipe = self.pipeline(context, Kind.RIGHT)
        self.range_depth += context == "range"
        body, end = self.statements()
        self.range_depth -= context == "range"
        otherwise = self.otherwise(context) if end.text == _ELSE else None
        del self.variables[known:]
        return _BRANCHES[context](pipe.position, pipe, body, otherwise)

    def otherwise(self, context: str) -> list[Statement]:
        """The `else` part; `else if` and `else with` share the `end` of their branch."""
        if context in ("if", "with") and self.peek().kind is Kind(context):
            inner = self.branch(self.next())
            assert isinstance(inner, If | With)
            return [inner]
        statements, end = self.statements()
        if end.text != _END:
            raise self.error(f"expected end; found {end}")
        return statements

    _KEYWORDS: Final = {
        Kind.BLOCK: block,
        Kind.BREAK: break_,
        Kind.CONTINUE: continue_,
        Kind.ELSE: else_,
        Kind.END: end,
        Kind.IF: branch,
        Kind.RANGE: branch,
        Kind.TEMPLATE: template,
        Kind.WITH: branch,
    }

    # Pipelines.

    def pipeline(self, context: str, closing: Kind) -> Pipe:
        pipe = Pipe(self.peek_word().position)
        self.declarations(pipe, context)
        while True:
            token = self.peek_word()
            if token.kind is closing:
                self.source.index += 1
                break
            if token.kind not in _OPERANDS:
                self.next()
                raise self.unexpected(token, context)
            pipe.commands.append(self.command())
        self.check_pipeline(pipe, context)
        return pipe

    def declarations(self, pipe: Pipe, context: str) -> None:
        """`$x :=`, `$x =`, and in a range `$i, $e :=`."""
        while self.peek_word().kind is Kind.VARIABLE:
            start = self.source.index
            token = self.next()
            self.peek()
            following = self.peek_word()
            is_comma = following.kind is Kind.CHAR and following.value == ","
            if not is_comma and following.kind not in (Kind.ASSIGN, Kind.DECLARE):
                self.source.index = start  # a variable used as an operand
                return
            self.source.index += 1
            pipe.variables.append(Variable(token.position, token.value))
            self.variables.append(token.value)
            if not is_comma:
                pipe.assigns = following.kind is Kind.ASSIGN
                return
            if context != "range" or len(pipe.variables) >= 2:
                raise self.error(f"too many declarations in {context}")
            if self.peek_word().kind not in (Kind.VARIABLE, Kind.RIGHT, Kind.RIGHT_PAREN):
                raise self.error("range can only initialize variables")

    def check_pipeline(self, pipe: Pipe, context: str) -> None:
        if not pipe.commands:
            raise self.error(f"missing value for {context}")
        for stage, command in enumerate(pipe.commands[1:], start=2):
            if isinstance(command.arguments[0], _LITERALS):
                raise self.error(f"non executable command in pipeline stage {stage}")

    def command(self) -> Command:
        command = Command(self.peek_word().position)
        while True:
            self.peek_word()
            operand = self.operand()
            if operand is not None:
                command.arguments.append(operand)
            token = self.next()
            if token.kind is Kind.SPACE:
                continue
            if token.kind in (Kind.RIGHT, Kind.RIGHT_PAREN):
                self.source.index -= 1
            elif token.kind is not Kind.PIPE:
                raise self.unexpected(token, "operand")
            break
        if not command.arguments:
            raise self.error("empty command")
        return command

    def operand(self) -> Argument | None:
        """A term, perhaps followed by fields. None where no term stands."""
        node = self.term()
        if node is None or self.peek().kind is not Kind.FIELD:
            return node
        position = self.peek().position
        names: list[str] = []
        while self.peek().kind is Kind.FIELD:
            names.append(self.next().value[1:])
        if isinstance(node, Field):
            return Field(position, (*node.names, *names))
        if isinstance(node, Variable):
            return Variable(position, node.name, tuple(names))
        if isinstance(node, _LITERALS):
            raise self.error(f"unexpected . after term {quote(str(node))}")
        return Chain(position, node, tuple(names))

    def term(self) -> Argument | None:
        token = self.next_word()
        if token.kind is Kind.FIELD:
            return Field(token.position, (token.value[1:],))
        if token.kind is Kind.IDENTIFIER:
            return self.identifier(token)
        if token.kind is Kind.VARIABLE:
            return self.variable(token)
        if token.kind in (Kind.STRING, Kind.RAW_STRING):
            return String(token.position, token.value, self.unquoted(token))
        if token.kind is Kind.LEFT_PAREN:
            return self.pipeline("parenthesized pipeline", Kind.RIGHT_PAREN)
        if token.kind in _NUMBERS:
            return self.number(token)
        return self.constant(token)

    def constant(self, token: Token) -> Argument | None:
        if token.kind is Kind.DOT:
            return Dot(token.position)
        if token.kind is Kind.NIL:
            return Nil(token.position)
        if token.kind is Kind.BOOL:
            return Bool(token.position, token.value == "true")
        self.source.index -= 1
        return None

    def identifier(self, token: Token) -> Identifier:
        if token.value not in self.source.functions:
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
