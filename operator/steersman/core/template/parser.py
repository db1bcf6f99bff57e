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
from steersman.core.template.lexer import (
    ASSIGN,
    BOOL,
    CHAR,
    CHAR_CONSTANT,
    COMPLEX,
    DECLARE,
    DOT,
    EOF,
    ERROR,
    FIELD,
    IDENTIFIER,
    LEFT,
    LEFT_PAREN,
    NUMBER,
    PIPE,
    RAW_STRING,
    RIGHT,
    RIGHT_PAREN,
    STRING,
    TEXT,
    VARIABLE,
    Token,
    tokenize,
)
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
_BRANCHES: Final[dict[str, type[If] | type[With] | type[Range]]] = {"if": If, "with": With, "range": Range}


def parse(name: str, source: str, functions: Container[str]) -> dict[str, Tree]:
    """All templates of one file by name, the file's own under `name`. Raises ParseError."""
    file = _Source(name, source, functions)
    _TreeParser(file, name).file()
    return file.trees


class _Source:
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
        self.action_start: Token | None = None
        self.range_depth = 0

    # Reading tokens.

    def peek(self) -> Token:
        index = self.source.index
        if index > self.latest:
            self.latest = index
        return self.tokens[index]

    def next(self) -> Token:
        token = self.peek()
        self.source.index += 1
        return token

    def expect(self, context: str, *kinds: str) -> Token:
        token = self.next()
        if token.kind not in kinds:
            raise self.unexpected(token, context)
        return token

    # Errors.

    def error(self, message: str) -> ParseError:
        return self.source.failure(message, self.tokens[self.latest] if self.latest >= 0 else None)

    def unexpected(self, token: Token, context: str) -> ParseError:
        if token.kind != ERROR:
            return self.error(f"unexpected {token} in {context}")
        extra = ""
        started = self.source.line(self.action_start) if self.action_start else 0
        if started not in (0, self.source.line(token)):
            action = "" if token.value.endswith(" action") else " in action"
            extra = f"{action} started at {self.source.name}:{started}"
        return self.error(f"{token}{extra}")

    # Trees.

    def file(self) -> None:
        """A whole file: statements and definitions."""
        statements: list[Statement] = []
        while self.peek().kind != EOF:
            if self.peek().kind == LEFT:
                start = self.source.index
                self.next()
                if self.next().kind == "define":
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
        self.name = self.unquoted(self.expect(context, STRING, RAW_STRING))
        self.expect(context, RIGHT)
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
        while self.peek().kind != EOF:
            node = self.statement()
            if isinstance(node, _End):
                return found, node
            found.append(node)
        raise self.error("unexpected EOF")

    def statement(self) -> Statement | _End:
        token = self.next()
        if token.kind == TEXT:
            return Text(token.position, token.value)
        if token.kind != LEFT:
            raise self.unexpected(token, "input")
        self.action_start = token
        node = self.action()
        self.action_start = None
        return node

    def action(self) -> Statement | _End:
        token = self.peek()
        keyword = self._KEYWORDS.get(token.kind)
        if keyword is None:
            return Action(token.position, self.pipeline("command", RIGHT))
        self.source.index += 1
        return keyword(self, token)

    def block(self, _: Token) -> Statement:
        context = "block clause"
        token = self.next()
        name = self.template_name(token, context)
        pipe = self.pipeline(context, RIGHT)
        inner = _TreeParser(self.source, name)
        statements, end = inner.statements()
        if end.text != _END:
            raise self.error(f"unexpected {end} in {context}")
        inner.add(statements)
        return Template(token.position, name, pipe)

    def template(self, _: Token) -> Statement:
        context = "template clause"
        token = self.next()
        name = self.template_name(token, context)
        if self.peek().kind == RIGHT:
            self.source.index += 1
            return Template(token.position, name, None)
        return Template(token.position, name, self.pipeline(context, RIGHT))

    def template_name(self, token: Token, context: str) -> str:
        if token.kind not in (STRING, RAW_STRING):
            raise self.unexpected(token, context)
        return self.unquoted(token)

    def break_(self, token: Token) -> Statement:
        self.leave_range("{{break}}")
        return Break(token.position)

    def continue_(self, token: Token) -> Statement:
        self.leave_range("{{continue}}")
        return Continue(token.position)

    def leave_range(self, shown: str) -> None:
        token = self.next()
        if token.kind != RIGHT:
            raise self.unexpected(token, shown)
        if self.range_depth == 0:
            raise self.error(f"{shown} outside {{{{range}}}}")

    def end(self, _: Token) -> _End:
        return _End(self.expect("end", RIGHT).position, _END)

    def else_(self, _: Token) -> _End:
        token = self.peek()
        if token.kind not in ("if", "with"):  # `else if` leaves its `if` for `branch`
            self.expect("else", RIGHT)
        return _End(token.position, _ELSE)

    def branch(self, token: Token) -> If | With | Range:
        """`if`, `with` or `range` with its bodies, from after the keyword."""
        context = token.value
        known = len(self.variables)
        pipe = self.pipeline(context, RIGHT)
        self.range_depth += context == "range"
        body, end = self.statements()
        self.range_depth -= context == "range"
        otherwise = self.otherwise(context) if end.text == _ELSE else None
        del self.variables[known:]
        return _BRANCHES[context](pipe.position, pipe, body, otherwise)

    def otherwise(self, context: str) -> list[Statement]:
        """The `else` part; `else if` and `else with` share the `end` of their branch."""
        if context in ("if", "with") and self.peek().kind == context:
            inner = self.branch(self.next())
            assert isinstance(inner, If | With)
            return [inner]
        statements, end = self.statements()
        if end.text != _END:
            raise self.error(f"expected end; found {end}")
        return statements

    _KEYWORDS: Final = {
        "block": block,
        "break": break_,
        "continue": continue_,
        "else": else_,
        "end": end,
        "if": branch,
        "range": branch,
        "template": template,
        "with": branch,
    }

    # Pipelines.

    def pipeline(self, context: str, closing: str) -> Pipe:
        pipe = Pipe(self.peek().position)
        self.declarations(pipe, context)
        while True:
            token = self.peek()
            if token.kind == closing:
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
        while self.peek().kind == VARIABLE:
            start = self.source.index
            token = self.next()
            following = self.peek()
            is_comma = following.kind == CHAR and following.value == ","
            if not is_comma and following.kind not in (ASSIGN, DECLARE):
                self.source.index = start  # a variable used as an operand
                return
            self.source.index += 1
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
                self.source.index += 1
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
            self.source.index += 1
            token = self.peek()
        if isinstance(node, Field):
            return Field(node.position if len(node.names) > 1 else position, (*node.names, *names))
        if isinstance(node, Variable):
            return Variable(position, node.name, tuple(names))
        if isinstance(node, _LITERALS):
            raise self.error(f"unexpected . after term {quote(str(node))}")
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
