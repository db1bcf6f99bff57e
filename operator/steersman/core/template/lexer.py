"""Cuts template source into tokens, by the rules of Go's text/template/parse.

Called by `parser.py`. One regular expression cuts what actions are mostly made of; where it does not fit, the slower
methods below it find the token or the error. White space is no token here but a mark on the next one. An error becomes
the last token, since the parser must meet it only after what stands before it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from steersman.core.golang.format import sprintf
from steersman.core.golang.quote import is_print, quote
from steersman.core.golang.types import byte_length

# Kinds of tokens. Plain strings: comparing them is all that is ever done. A keyword's kind is its spelling.
ERROR: Final = "error"
EOF: Final = "eof"
TEXT: Final = "text"
LEFT: Final = "left"
RIGHT: Final = "right"
STRING: Final = "string"
RAW_STRING: Final = "raw"
CHAR_CONSTANT: Final = "rune"
NUMBER: Final = "number"
COMPLEX: Final = "complex"
BOOL: Final = "bool"
IDENTIFIER: Final = "identifier"
FIELD: Final = "field"
VARIABLE: Final = "variable"
PIPE: Final = "|"
ASSIGN: Final = "="
DECLARE: Final = ":="
LEFT_PAREN: Final = "("
RIGHT_PAREN: Final = ")"
CHAR: Final = "char"
DOT: Final = "."

KEYWORDS: Final = frozenset(
    {"block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template", "with"}
)
_WORDS: Final = {word: word for word in KEYWORDS} | {"true": BOOL, "false": BOOL}


class Token(NamedTuple):
    """A piece of source. `value` is as written (of an error: its text); a FIELD may have several parts (`.a.b`).

    `spaced` tells whether white space stands before it in its action.
    """

    kind: str
    position: int
    value: str
    spaced: bool

    def __str__(self) -> str:
        """As error texts show it."""
        if self.kind == EOF:
            return "EOF"
        if self.kind == ERROR:
            return self.value
        if self.kind in KEYWORDS or self.kind == DOT:
            return f"<{self.value}>"
        # Go knows only the first part of a chain when it complains.
        value = "." + self.value.split(".")[1] if self.kind == FIELD else self.value
        return sprintf("%.10q...", [value]) if byte_length(value) > 10 else quote(value)


_SPACE: Final = " \t\r\n"
_SPACES: Final = re.compile(r"[ \t\r\n]*")
_WORD: Final = re.compile(r"\w*")
_COMMON: Final = re.compile(
    r"""
      (?P<trimming>[ \t\r\n]+-\}\})
    | (?P<space>[ \t\r\n]*)
      (?: (?P<right>\}\})
        | (?P<field>(?:\.[A-Za-z_][A-Za-z0-9_]*)+) (?=[ \t\r\n,|:)(]|\}\}|\.(?![0-9.]))
        | (?P<variable>\$[A-Za-z0-9_]*) (?=[ \t\r\n.,|:)(]|\}\})
        | (?P<identifier>[A-Za-z_][A-Za-z0-9_]*) (?=[ \t\r\n.,|:)(]|\}\})
        | (?P<string>"(?:[^"\\\n]|\\[^\n])*")
        | (?P<number>-?[0-9]+) (?![\w.+-])
        | (?P<single>:=|[=|])
      )
    """,
    re.VERBOSE,
)
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


class _Failure(Exception):
    """Ends lexing; carries the error's text. The token starts where the current one does."""


def tokenize(source: str) -> list[Token]:
    """All tokens of a template file; the last one is EOF or an error."""
    lexer = _Lexer(source)
    try:
        lexer.run()
    except _Failure as failure:
        lexer.tokens.append(Token(ERROR, lexer.start, str(failure), lexer.spaced))
    return lexer.tokens


class _Lexer:
    """`start` is where the current token starts, `depth` how many parentheses of the action are open."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.start = 0
        self.depth = 0
        self.spaced = False
        self.tokens: list[Token] = []

    def emit(self, kind: str) -> None:
        """The text from `start` to the current position is a token."""
        self.tokens.append(Token(kind, self.start, self.source[self.start : self.position], self.spaced))
        self.start = self.position

    def skip_to(self, position: int) -> None:
        self.position = self.start = position

    # Outside of actions.

    def run(self) -> None:
        while True:
            opening = self.source.find("{{", self.position)
            if opening < 0:
                break
            self.text(opening)
            self.left_delimiter(opening)
        if len(self.source) > self.start:
            self.position = len(self.source)
            self.emit(TEXT)
        self.emit(EOF)

    def text(self, opening: int) -> None:
        """The text before an action, without its trailing white space where the action trims."""
        self.position = opening
        if self.trims_left(opening + 2):
            self.position = self.start + len(self.source[self.start : opening].rstrip(_SPACE))
        if self.position > self.start:
            self.emit(TEXT)
        self.skip_to(opening)

    def trims_left(self, position: int) -> bool:
        return self.source.startswith("-", position) and self.source.startswith(tuple(_SPACE), position + 1)

    def left_delimiter(self, opening: int) -> None:
        after = opening + (4 if self.trims_left(opening + 2) else 2)
        if self.source.startswith("/*", after):
            self.skip_to(after)
            self.comment()
            return
        self.position = opening + 2
        self.emit(LEFT)
        self.skip_to(after)
        self.depth = 0
        self.action()
        self.spaced = False

    def comment(self) -> None:
        end = self.source.find("*/", self.position + 2)
        if end < 0:
            raise _Failure("unclosed comment")
        self.position = end + 2
        if self.source.startswith("}}", self.position):
            self.skip_to(self.position + 2)
        elif self.source.startswith("-}}", self.position + 1) and self.source[self.position] in _SPACE:
            self.skip_spaces(self.position + 4)
        else:
            raise _Failure("comment ends before closing delimiter")

    def skip_spaces(self, position: int) -> None:
        found = _SPACES.match(self.source, position)
        assert found is not None
        self.skip_to(found.end())

    # Inside of actions.

    def action(self) -> None:
        """Everything up to and including `}}`."""
        source, tokens, common = self.source, self.tokens, _COMMON.match
        while True:
            found = common(source, self.position)
            kind = found.lastgroup if found else None
            if found is None or kind is None:
                self.uncommon()
            elif kind == "right" or kind == "trimming":
                self.right_delimiter(found.end(), trims=kind == "trimming")
                return
            else:
                start, end = found.span(kind)
                value = source[start:end]
                if kind == "identifier":
                    kind = _WORDS.get(value, IDENTIFIER)
                elif kind == "single":
                    kind = value
                tokens.append(Token(kind, start, value, start > self.position))
                self.position = self.start = end

    def right_delimiter(self, end: int, *, trims: bool) -> None:
        if self.depth:
            # Go sees the closing delimiter before the white space of a trimming one, after that of the other.
            self.start = self.position if trims and end - self.position == 4 else end - (4 if trims else 2)
            raise _Failure("unclosed left paren")
        self.spaced = end - self.position > (4 if trims else 2)
        self.start, self.position = end - 2, end
        self.emit(RIGHT)
        if trims:
            self.skip_spaces(end)

    def uncommon(self) -> None:
        """One token that the regular expression does not know, or an error."""
        found = _SPACES.match(self.source, self.position)
        assert found is not None
        self.spaced = found.end() > self.position
        self.skip_to(found.end())
        char = self.source[self.position : self.position + 1]
        if char == "":
            raise _Failure("unclosed action")
        if char in "()":
            self.parenthesis(char)
        elif char in "+-0123456789" or (char == "." and self.number_follows()):
            self.number()
        elif char == ".":
            self.name(FIELD, DOT)
        elif char == "$":
            self.name(VARIABLE, VARIABLE)
        elif char == "_" or char.isalpha() or char.isdecimal():
            self.word()
            self.emit(_WORDS.get(self.source[self.start : self.position], IDENTIFIER))
        else:
            self.quoted_or_char(char)

    def parenthesis(self, char: str) -> None:
        self.position += 1
        self.depth += 1 if char == "(" else -1
        if self.depth < 0:
            raise _Failure("unexpected right paren")
        self.emit(char)

    def number_follows(self) -> bool:
        following = self.source[self.position + 1 : self.position + 2]
        return following == "" or "0" <= following <= "9"

    def number(self) -> None:
        self.scan_number()
        if self.source[self.position : self.position + 1] not in ("+", "-"):
            self.emit(NUMBER)
            return
        self.scan_number()
        if self.source[self.position - 1] != "i":
            raise self.bad_number()
        self.emit(COMPLEX)

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

    def name(self, kind: str, bare: str) -> None:
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
        if not source[position:end].isascii():
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

    def quoted_or_char(self, char: str) -> None:
        if char == '"':
            raise _Failure("unterminated quoted string")
        if char == "'":
            found = _CHAR_QUOTED.match(self.source, self.position)
            if found is None:
                raise _Failure("unterminated character constant")
            self.position = found.end()
            self.emit(CHAR_CONSTANT)
        elif char == "`":
            end = self.source.find("`", self.position + 1)
            if end < 0:
                raise _Failure("unterminated raw quoted string")
            self.position = end + 1
            self.emit(RAW_STRING)
        elif char == ":":
            raise _Failure("expected :=")
        elif char.isascii() and char.isprintable():
            self.position += 1
            self.emit(CHAR)
        else:
            raise _Failure(f"unrecognized character in action: {_code_point(char)}")


def _code_point(char: str) -> str:
    """`%#U`: U+002D '-'."""
    code = 0xFFFD if "\udc80" <= char <= "\udcff" else ord(char)
    shown = f" '{chr(code)}'" if is_print(chr(code)) else ""
    return f"U+{code:04X}{shown}"
