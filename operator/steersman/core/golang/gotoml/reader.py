"""TOML text → values, by recursive descent, with the errors that Helm's TOML library would give for the same text.

The library lexes and parses in two steps that take turns; here they are one, in the same order, so that the first error
and the key it blames come out alike. `source` has the characters and the line numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn

from steersman.core.golang.gotoml import scalars
from steersman.core.golang.gotoml.errors import ScalarError, TOMLError
from steersman.core.golang.gotoml.keys import BARE
from steersman.core.golang.gotoml.source import BLANK, BREAK, END, Source
from steersman.core.golang.gotoml.tables import Key
from steersman.core.golang.quote import quote, quote_rune
from steersman.core.golang.runes import is_letter
from steersman.core.golang.types import GoValue

_QUOTES: Final = ('"', "'")
_DIGITS: Final = frozenset("0123456789")
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_BASES: Final = {
    "b": ("a binary", frozenset("01")),
    "o": ("an octal", frozenset("01234567")),
    "x": ("a hexadecimal", _HEX),
}
_FLOAT_REST: Final = _DIGITS | frozenset("_.-+eE")
_DATE_REST: Final = _DIGITS | frozenset("-:Tt .Zz+")
_SINGLE_ESCAPES: Final = frozenset('ebtnfr"\\ \t')


def load_toml(text: str) -> dict[str, Any]:
    """A document as a map; raises TOMLError."""
    text = text.removeprefix("\ufeff")
    for mark in ("\udcff\udcfe", "\udcfe\udcff"):
        text = text.removeprefix(mark)
    if "\0" in text[:6]:
        raise TOMLError(
            "toml: line 1: files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8"
        )
    reader = _Reader(text)
    try:
        reader.document()
    except RecursionError as error:
        raise TOMLError("toml: values are nested too deeply") from error
    return reader.tables.root


class _Reader(Source):
    """One document."""

    def document(self) -> None:
        while True:
            char = self.take()
            if char == END:
                return
            if char in BLANK or char in BREAK:
                continue
            if char == "#":
                self.comment()
                continue
            if char == "[":
                self.table_head()
            else:
                self.position -= 1
                outer = self.tables.context
                self.assignment()
                self.tables.context, self.tables.current_key = outer, ""
            self.end_of_entry()

    def end_of_entry(self) -> None:
        while True:
            char = self.take()
            if char in BLANK:
                continue
            if char == "#":
                self.comment()
            elif char != END and char not in BREAK:
                self.fail(
                    "expected a top-level item to end with a newline, comment, or EOF, "
                    f"but got {quote_rune(char)} instead"
                )
            return

    def table_head(self) -> None:
        array = self.accept("[")
        names: list[str] = []
        while True:
            self.skip_blanks()
            self.refuse_empty_name()
            names.append(self.name())
            if len(names) == 1:
                self.key_line = self.line
            self.skip_blanks()
            char = self.take()
            if char == "]":
                break
            if char != ".":
                self.fail_after(char, f"expected '.' or ']' to end table name, but got {_rune(char)} instead")
        if array and (char := self.take()) != "]":
            self.fail_after(char, f"expected end of table array name delimiter ']', but got {_rune(char)} instead")
        self.defining(lambda: self.tables.enter_head(tuple(names), array=array))

    def refuse_empty_name(self) -> None:
        if self.peek() in ("]", END):
            self.fail("unexpected end of table name (table names cannot be empty)")
        if self.peek() == ".":
            self.fail("unexpected table separator (table names cannot be empty)")

    def defining(self, define: Callable[[], None]) -> None:
        """Errors in the structure are blamed on the line of the key."""
        try:
            define()
        except ScalarError as error:
            self.fail(str(error), line=self.key_line)

    def name(self) -> str:
        if self.peek() in _QUOTES:
            return self.text_value(self.take())
        start = self.position
        self.take_while(BARE)
        return self.text[start : self.position]

    def key(self) -> Key:
        """A dotted key and the `=` behind it."""
        self.skip_blanks()
        if self.peek() in ("=", END):
            self.fail("unexpected '=': key name appears blank")
        if self.peek() == ".":
            self.fail("unexpected '.': keys cannot start with a '.'")
        names = [self.name()]
        self.key_line = self.line
        while True:
            self.skip_blanks()
            char = self.take()
            if char == "=":
                return tuple(names)
            if char != ".":
                self.refuse_key_end(char)
            self.skip_blanks()
            if self.peek() in ("=", ".", END):
                self.fail(f"unexpected '{self.peek() or '='}'")
            names.append(self.name())

    def refuse_key_end(self, char: str) -> NoReturn:
        if char == END:
            self.fail_after(char, "unexpected EOF; expected key separator '='")
        message = f"expected '.' or '=', but got {quote_rune(char)} instead"
        if char == "\n":
            self.fail_line_before(message)
        self.fail(message)

    def assignment(self) -> tuple[Key, GoValue]:
        key = self.key()
        self.tables.current_key = key[-1]
        for part in key[:-1]:
            self.defining(lambda part=part: self.tables.enter_implied(part))  # type: ignore[misc]
        value = self.value(in_array=False)
        self.defining(lambda: self.tables.set(key[-1], value))
        return key, value

    # Values.

    def value(self, *, in_array: bool) -> GoValue:
        self.skip_blanks()
        char = self.take()
        if char in _DIGITS:
            return self.number_or_date(char)
        if char in _QUOTES:
            return self.string(char)
        if char == "[":
            return self.array()
        if char == "{":
            return self.inline_table(in_array=in_array)
        if char in ("-", "+"):
            return self.signed_number()
        if char == ".":
            self.fail("floats must start with a digit, not '.'")
        return self.word(char)

    def word(self, char: str) -> GoValue:
        """true, false, inf, nan; or nothing that is a value."""
        start = self.position - 1
        if char in ("i", "n"):
            if (self.accept("n") and self.accept("f")) or (self.accept("a") and self.accept("n")):
                return scalars.floating(self.text[start : self.position].replace("nnf", "inf"))
            # The library steps back one character only, and shows the rest of the word.
            start = self.position - 1
        if char != END and is_letter(char):
            self.position = start
            while self.peek() != END and is_letter(self.peek()):
                self.position += 1
            name = self.text[start : self.position]
            if name in ("true", "false"):
                return name == "true"
            self.fail(f"expected value but found {quote(name)} instead")
        if char == END:
            self.fail_after(char, "unexpected EOF; expected value")
        message = f"expected value but found {quote_rune(char)} instead"
        return self.fail_line_before(message) if char == "\n" else self.fail(message)

    def array(self) -> list[GoValue]:
        self.tables.mark_array()
        items: list[GoValue] = []
        while True:
            char = self.skip_lines_and_comments()
            if char == ",":
                self.fail("unexpected comma")
            if char == "]":
                self.take()
                return items
            items.append(self.value(in_array=True))
            self.skip_lines_and_comments()
            char = self.take()
            if char == "]":
                return items
            if char != ",":
                self.fail_after(
                    char,
                    f"expected a comma (',') or array terminator (']'), but got {_char_or_end(char)}",
                )

    def inline_table(self, *, in_array: bool) -> dict[str, Any]:
        outer, outer_key = self.tables.context, self.tables.current_key
        self.defining(lambda: self.tables.enter_inline(array=in_array))
        context = self.tables.context
        table: dict[str, Any] = {}
        while True:
            char = self.skip_lines_and_comments()
            if char == ",":
                self.fail("unexpected comma")
            if char == "}":
                self.take()
                break
            key, value = self.assignment()
            _put(table, key, value)
            self.tables.context = context
            self.skip_lines_and_comments()
            char = self.take()
            if char == "}":
                break
            if char != ",":
                self.fail_after(
                    char,
                    f"expected a comma or an inline table terminator '}}', but got {_char_or_end(char)} instead",
                )
        self.tables.context, self.tables.current_key = outer, outer_key
        return table

    def skip_lines_and_comments(self) -> str:
        """What comes after blanks, line breaks and comments."""
        while True:
            char = self.peek()
            if char in BLANK or char in BREAK:
                self.take()
            elif char == "#":
                self.take()
                self.comment()
            else:
                return char

    # Numbers and dates.

    def number_or_date(self, first: str) -> GoValue:
        start = self.position - 1
        if first == "0" and self.peek() in _BASES:
            return self.based_integer(start)
        self.take_while(_DIGITS)
        char = self.peek()
        if char in ("-", ":") and (first != "0" or self.position - start > 1):
            self.take_while(_DATE_REST)
            return self.scalar(scalars.date_or_time, self.text[start : self.position].strip())
        return self.decimal(start)

    def based_integer(self, start: int) -> GoValue:
        name, digits = _BASES[self.take()]
        if self.peek() not in digits or self.peek() == END:
            shown = self.peek() or "\0"
            self.fail(f"not {name} number: '{self.text[start : self.position]}{shown}'")
        self.take_while(digits | {"_"})
        return self.scalar(scalars.integer, self.text[start : self.position])

    def decimal(self, start: int) -> GoValue:
        self.take_while(_DIGITS | {"_"})
        if self.peek() not in (".", "e", "E"):
            return self.scalar(scalars.integer, self.text[start : self.position])
        self.take_while(_FLOAT_REST)
        return self.scalar(scalars.floating, self.text[start : self.position])

    def signed_number(self) -> GoValue:
        start = self.position - 1
        char = self.take()
        if char in ("i", "n"):
            second, third = ("n", "f") if char == "i" else ("a", "n")
            if not self.accept(second) or not self.accept(third):
                self.fail(f"invalid float: '{self.text[start : self.position]}'")
            return self.scalar(scalars.floating, self.text[start : self.position])
        if char == "0" and self.peek() in _BASES:
            shown = self.text[start : self.position] + self.peek()
            self.fail(f"cannot use sign with non-decimal numbers: '{shown}'")
        if char == ".":
            self.fail("floats must start with a digit, not '.'")
        if char == END or char not in _DIGITS:
            self.fail_after(char, f"expected a digit but got {_rune(char)}")
        return self.decimal(start)

    # Strings.

    def string(self, mark: str) -> GoValue:
        if self.text.startswith(mark * 2, self.position):
            self.position += 2
            return self.long_text_value(mark)
        return self.text_value(mark)

    def text_value(self, mark: str) -> str:
        """A string on one line; the opening quote is taken."""
        start = self.position
        escaped = False
        while (char := self.take()) != mark:
            if char == END:
                closing = "'\"'" if mark == '"' else '"\'"'
                self.fail_after(char, f"unexpected EOF; expected {closing}")
            if char in BREAK:
                self.fail_line_before("strings cannot contain newlines")
            if char == "\\" and mark == '"':
                escaped = True
                self.escape(start)
        text = self.text[start : self.position - 1]
        return str(self.scalar(scalars.unescape, text)) if escaped else text

    def long_text_value(self, mark: str) -> str:
        """A string of many lines; the three opening quotes are taken."""
        start = self.position
        while True:
            char = self.take()
            if char == END:
                self.fail_after(char, f"unexpected EOF; expected {_long_mark(mark)}")
            if char == mark:
                run = self.quote_run(mark)
                if run > 5:
                    self.fail(f"unexpected {_long_mark(mark * 2)}")
                if run >= 3:
                    break
            elif char == "\\" and mark == '"':
                if self.peek() in BREAK:
                    self.take()
                else:
                    self.escape(start)
        text = self.text[start : self.position - 3]
        if mark == "'":
            return text.removeprefix("\r\n") if text.startswith("\r\n") else text.removeprefix("\n")
        return str(self.scalar(scalars.unescape, scalars.join_lines(text)))

    def quote_run(self, mark: str) -> int:
        """Take the quotes that follow one just taken; how many there are in all."""
        start = self.position - 1
        while self.peek() == mark:
            self.position += 1
        return self.position - start

    def escape(self, start: int) -> None:
        """Check an escape whose backslash is taken."""
        letter = self.take()
        count = scalars.ESCAPE_DIGITS.get(letter)
        if count is None:
            if letter == END or letter not in _SINGLE_ESCAPES:
                message = f"invalid escape in string '\\{letter or chr(0)}'"
                self.fail(message, line=self.line - 1 if letter == END else self.line)
            return
        words = {"x": "two", "u": "four", "U": "eight"}
        for _ in range(count):
            char = self.take()
            if char == END or char not in _HEX:
                shown = quote(self.text[start : self.position])
                self.fail_after(
                    char, f"expected {words[letter]} hexadecimal digits after '\\{letter}', but got {shown} instead"
                )


def _put(table: dict[str, Any], key: Key, value: GoValue) -> None:
    for part in key[:-1]:
        table = table.setdefault(part, {})
    table[key[-1]] = value


def _rune(char: str) -> str:
    return quote_rune(char or "\0")


def _char_or_end(char: str) -> str:
    return f"'{char}'" if char else "end of file"


def _long_mark(mark: str) -> str:
    outer = "'" if mark[0] == '"' else '"'
    return f"{outer}{mark[0] * max(3, len(mark) * 3)}{outer}"
