"""Template source → trees, with Go's grammar and error texts (text/template/parse).

`parse` is called by `compiled.py`. A file gives several trees: its own and one per `define` and `block`. What Go checks
while parsing is checked here (functions and variables exist, `break` stands in a `range`…), the rest at run time.
Statements are here, pipelines in `pipelines.py`.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from steersman.core.golang.quote import quote
from steersman.core.template.lexer import EOF, LEFT, RAW_STRING, RIGHT, STRING, TEXT, Token
from steersman.core.template.nodes import (
    Action,
    Break,
    Continue,
    If,
    Node,
    Range,
    Statement,
    Template,
    Text,
    Tree,
    With,
)
from steersman.core.template.pipelines import PipelineParser, TemplateFile

_BRANCHES: Final[dict[str, type[If] | type[With] | type[Range]]] = {"if": If, "with": With, "range": Range}


def parse(name: str, source: str, functions: Container[str]) -> dict[str, Tree]:
    """All templates of one file by name, the file's own under `name`. Raises ParseError."""
    file = TemplateFile(name, source, functions)
    _TreeParser(file, name).whole_file()
    return file.trees


class _End(Node):
    """`{{ end }}` or `{{ else }}`, which end a list of statements."""

    def __init__(self, position: int, text: str) -> None:
        super().__init__(position)
        self.text = text

    def __str__(self) -> str:
        return self.text


_END: Final = "{{end}}"
_ELSE: Final = "{{else}}"


class _TreeParser(PipelineParser):
    """Parses one tree."""

    def __init__(self, file: TemplateFile, name: str) -> None:
        super().__init__(file)
        self.name = name
        self.range_depth = 0

    # Trees.

    def whole_file(self) -> None:
        """A whole file: statements and definitions."""
        statements: list[Statement] = []
        while self.peek().kind != EOF:
            if self.peek().kind == LEFT:
                start = self.file.index
                self.next()
                if self.next().kind == "define":
                    _TreeParser(self.file, "definition").definition()
                    continue
                self.file.index = start
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
        known = self.file.trees.get(self.name)
        if known is None or known.is_blank():
            self.file.trees[self.name] = tree
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
        self.file.index += 1
        return keyword(self, token)

    def block(self, _: Token) -> Statement:
        context = "block clause"
        token = self.next()
        name = self.template_name(token, context)
        pipe = self.pipeline(context, RIGHT)
        inner = _TreeParser(self.file, name)
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
            self.file.index += 1
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
