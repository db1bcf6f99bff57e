"""Cuts template source into tokens, by the rules of Go's text/template/parse.

Called by `parser.py`. Actions are cut with regular expressions at the current place instead of Go's state functions; an
error becomes the last token, since the parser must meet it only after what stands before it.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final, NamedTuple

from steersman.core.golang.format import sprintf
from steersman.core.golang.quote import is_print, quote


class Kind(Enum):
    """What a token is. A keyword's value is its spelling."""

    ERROR = auto()
    EOF = auto()
    TEXT = auto()
    LEFT = auto()
    RIGHT = auto()
    SPACE = auto()
    STRING = auto()
    RAW_STRING = auto()
    CHAR_CONSTANT = auto()
    NUMBER = auto()
    COMPLEX = auto()
    BOOL = auto()
    IDENTIFIER = auto()
    FIELD = auto()
    VARIABLE = auto()
    PIPE = auto()
    ASSIGN = auto()
    DECLARE = auto()
    LEFT_PAREN = auto()
    RIGHT_PAREN = auto()
    CHAR = auto()
    DOT = "."
    NIL = "nil"
    BLOCK = "block"
    BREAK = "break"
    CONTINUE = "continue"
    DEFINE = "define"
    ELSE = "else"
    END = "end"
    IF = "if"
    RANGE = "range"
    TEMPLATE = "template"
    WITH = "with"


KEYWORDS: Final = {kind.value: kind for kind in Kind if isinstance(kind.value, str) and kind is not Kind.DOT}
_KEYWORD_KINDS: Final = frozenset({*KEYWORDS.values(), Kind.DOT})


class Token(NamedTuple):
    """A piece of source: `value` as written (of an error: its text), `line` of its first character, from 1."""

    kind: Kind
    position: int
    value: str
    line: int

    def __str__(self) -> str:
        """As error texts show it."""
        if self.kind is Kind.EOF:
            return "EOF"
        if self.kind is Kind.ERROR:
            return self.value
        if self.kind in _KEYWORD_KINDS:
            return f"<{self.value}>"
        return (
            sprintf("%.10q...", [self.value])
            if len(self.value.encode(errors="surrogateescape")) > 10
            else quote(self.value)
        )


_SPACE: Final = " \t\r\n"
_WORD: Final = re.compile(r"\w*")
_SPACES: Final = re.compile(r"[ \t\r\n]+")
_DOUBLE_QUOTED: Final = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_CHAR_QUOTED: Final = re.compile(r"'(?:[^'\\\n]|\\[^\n])*'")
_NUMBER: Final = re.compile(
    r"""[+-]?(?:
        0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?
      | 0[oO][0-7_]*(?:\.[0-7_]*)?
      | 0[bB][01_]*(?:\.[01_]*)?
      | [0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?
    )i?""",
    re.VERBOSE,
)
_TERMINATORS: Final = frozenset(" \t\r\n.,|:)(")
_SINGLE: Final = {"=": Kind.ASSIGN, "|": Kind.PIPE, "(": Kind.LEFT_PAREN, ")": Kind.RIGHT_PAREN}


class _Failure(Exception):
    """Ends lexing; carries the error's text. The token starts where the current one does."""


def tokenize(source: str) -> list[Token]:
    """All tokens of a template file; the last one is EOF or an error."""
    lexer = _Lexer(source)
    try:
        lexer.run()
    except _Failure as failure:
        lexer.start_line += source.count("\n", lexer.counted, lexer.start)
        lexer.tokens.append(Token(Kind.ERROR, lexer.start, str(failure), lexer.start_line))
    return lexer.tokens


class _Lexer:
    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.start = 0
        self.counted = 0  # newlines before this offset are in start_line
        self.start_line = 1
        self.depth = 0  # open parentheses of the current action
        self.tokens: list[Token] = []

    def emit(self, kind: Kind) -> None:
        """The text from `start` to the current position is a token."""
        self.start_line += self.source.count("\n", self.counted, self.start)
        self.counted = self.start
        self.tokens.append(Token(kind, self.start, self.source[self.start : self.position], self.start_line))
        self.start = self.position

    def skip_to(self, position: int) -> None:
        self.position = self.start = position

    def run(self) -> None:
        while True:
            opening = self.source.find("{{", self.position)
            if opening < 0:
                break
            self.text(opening)
            self.left_delimiter(opening)
        if len(self.source) > self.start:
            self.position = len(self.source)
            self.emit(Kind.TEXT)
        self.emit(Kind.EOF)

    def text(self, opening: int) -> None:
        """The text before an action, without its trailing white space where the action trims."""
        self.position = opening
        if self.trims_left(opening + 2):
            self.position = self.start + len(self.source[self.start : opening].rstrip(_SPACE))
        if self.position > self.start:
            self.emit(Kind.TEXT)
        self.skip_to(opening)

    def trims_left(self, position: int) -> bool:
        return self.source.startswith("-", position) and self.source[position + 1 : position + 2] in tuple(_SPACE)

    def left_delimiter(self, opening: int) -> None:
        after = opening + (4 if self.trims_left(opening + 2) else 2)
        if self.source.startswith("/*", after):
            self.skip_to(after)
            self.comment()
            return
        self.position = opening + 2
        self.emit(Kind.LEFT)
        self.skip_to(after)
        self.action()

    def comment(self) -> None:
        end = self.source.find("*/", self.position + 2)
        if end < 0:
            raise _Failure("unclosed comment")
        self.position = end + 2
        length = self.right_delimiter_length()
        if not length:
            raise _Failure("comment ends before closing delimiter")
        self.skip_to(self.position + length)
        if length == 4:
            self.skip_spaces()

    def right_delimiter_length(self) -> int:
        """4 at ` -}}`, 2 at `}}`, else 0."""
        if self.source.startswith("}}", self.position):
            return 2
        trimming = self.source.startswith("-}}", self.position + 1)
        return 4 if trimming and self.source[self.position] in _SPACE else 0

    def skip_spaces(self) -> None:
        found = _SPACES.match(self.source, self.position)
        self.skip_to(found.end() if found else self.position)

    def action(self) -> None:
        """Everything up to and including `}}`."""
        self.depth = 0
        while True:
            length = self.right_delimiter_length()
            if length:
                break
            self.operand()
        if self.depth:
            raise _Failure("unclosed left paren")
        self.skip_to(self.position + length - 2)
        self.position += 2
        self.emit(Kind.RIGHT)
        if length == 4:
            self.skip_spaces()

    def operand(self) -> None:
        """One token inside an action."""
        char = self.source[self.position : self.position + 1]
        if char == "":
            raise _Failure("unclosed action")
        if char in _SPACE:
            self.spaces()
        elif char in _SINGLE:
            self.single(char)
        elif char in "+-0123456789" or (char == "." and self.number_follows()):
            self.number()
        elif char == ".":
            self.name(Kind.FIELD, Kind.DOT)
        elif char == "$":
            self.name(Kind.VARIABLE, Kind.VARIABLE)
        elif char == "_" or char.isalpha() or char.isdecimal():
            self.identifier()
        else:
            self.quoted_or_char(char)

    def single(self, char: str) -> None:
        """A token of one character; parentheses are counted."""
        self.position += 1
        if char == "(":
            self.depth += 1
        elif char == ")":
            self.depth -= 1
            if self.depth < 0:
                raise _Failure("unexpected right paren")
        self.emit(_SINGLE[char])

    def spaces(self) -> None:
        """White space, but for the one blank that belongs to ` -}}`."""
        found = _SPACES.match(self.source, self.position)
        assert found is not None
        end = found.end()
        if self.source.startswith("-}}", end):
            end -= 1
        if end > self.position:
            self.position = end
            self.emit(Kind.SPACE)

    def number_follows(self) -> bool:
        following = self.source[self.position + 1 : self.position + 2]
        return following == "" or "0" <= following <= "9"

    def number(self) -> None:
        self.scan_number()
        if self.source[self.position : self.position + 1] not in ("+", "-"):
            self.emit(Kind.NUMBER)
            return
        self.scan_number()
        if self.source[self.position - 1] != "i":
            raise self.bad_number()
        self.emit(Kind.COMPLEX)

    def scan_number(self) -> None:
        found = _NUMBER.match(self.source, self.position)
        assert found is not None
        self.position = found.end()
        following = self.source[self.position : self.position + 1]
        if following == "_" or following.isalpha() or following.isdecimal():
            self.position += 1
            raise self.bad_number()

    def bad_number(self) -> _Failure:
        return _Failure(f"bad number syntax: {quote(self.source[self.start : self.position])}")

    def name(self, kind: Kind, bare: Kind) -> None:
        """`.field` or `$variable`; `.` and `$` alone are `bare`."""
        self.position += 1
        if self.at_terminator():
            self.emit(bare)
            return
        self.word()
        self.emit(kind)

    def word(self) -> None:
        """Letters, digits and underscores, which must end at a terminator."""
        source, position = self.source, self.position
        found = _WORD.match(source, position)
        assert found is not None
        end = found.end()
        word = source[position:end]
        if not word.isascii():
            # \w also takes letters and numbers that Go does not count as such (², Ⅷ).
            end = position
            while end < len(source) and (source[end] == "_" or source[end].isalpha() or source[end].isdecimal()):
                end += 1
        self.position = end
        if not self.at_terminator():
            raise _Failure(f"bad character {_code_point(source[end : end + 1])}")

    def at_terminator(self) -> bool:
        following = self.source[self.position : self.position + 1]
        return following == "" or following in _TERMINATORS or self.source.startswith("}}", self.position)

    def identifier(self) -> None:
        self.word()
        word = self.source[self.start : self.position]
        self.emit(KEYWORDS.get(word, Kind.BOOL if word in ("true", "false") else Kind.IDENTIFIER))

    def quoted_or_char(self, char: str) -> None:
        if char == '"':
            self.quoted(_DOUBLE_QUOTED, Kind.STRING, "unterminated quoted string")
        elif char == "'":
            self.quoted(_CHAR_QUOTED, Kind.CHAR_CONSTANT, "unterminated character constant")
        elif char == "`":
            end = self.source.find("`", self.position + 1)
            if end < 0:
                raise _Failure("unterminated raw quoted string")
            self.position = end + 1
            self.emit(Kind.RAW_STRING)
        elif char == ":":
            if not self.source.startswith("=", self.position + 1):
                raise _Failure("expected :=")
            self.position += 2
            self.emit(Kind.DECLARE)
        elif char.isascii() and char.isprintable():
            self.position += 1
            self.emit(Kind.CHAR)
        else:
            raise _Failure(f"unrecognized character in action: {_code_point(char)}")

    def quoted(self, pattern: re.Pattern[str], kind: Kind, unterminated: str) -> None:
        found = pattern.match(self.source, self.position)
        if found is None:
            raise _Failure(unterminated)
        self.position = found.end()
        self.emit(kind)


def _code_point(char: str) -> str:
    """`%#U`: U+002D '-'. Past the end Go decodes nothing, which shows as -1 in 64 bits."""
    if char == "":
        return "U+FFFFFFFFFFFFFFFF"
    code = 0xFFFD if "\udc80" <= char <= "\udcff" else ord(char)
    shown = f" '{chr(code)}'" if is_print(chr(code)) else ""
    return f"U+{code:04X}{shown}"
