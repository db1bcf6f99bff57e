"""The text of a TOML document, character by character, and what an error says about where it stood.

The ground `reader` stands on. Line numbers are the library's: at the end of a line it blames the line before, at the
end of the text the last line that is not empty.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn

from steersman.core.golang.gotoml.errors import ScalarError, TOMLError
from steersman.core.golang.gotoml.tables import Tables
from steersman.core.golang.quote import quote
from steersman.core.golang.types import GoValue

END: Final = ""
BLANK: Final = (" ", "\t")
BREAK: Final = ("\n", "\r")


class Source:
    """A position in a text, its line, and the tables read so far, which errors name."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.line = 1
        self.key_line = 1
        self.tables = Tables()

    def fail(self, message: str, *, line: int | None = None) -> NoReturn:
        """At a line, by default where the reader stands; the last line is the one before a final newline."""
        if line is None:
            line = self.line
        last = self.tables.last_key()
        blamed = f" (last key {quote(last)})" if last else ""
        raise TOMLError(f"toml: line {line}{blamed}: {message}")

    def fail_after(self, char: str, message: str) -> NoReturn:
        """After `char` was taken: at the end of the text, a final newline belongs to the line it ends."""
        at_break = char == END and self.text[: self.position].endswith("\n")
        self.fail(message, line=self.line - 1 if at_break else self.line)

    def fail_line_before(self, message: str) -> NoReturn:
        self.fail(message, line=self.line - 1)

    def peek(self) -> str:
        """The next character, END at the end; broken bytes and control characters are errors."""
        char = self.text[self.position : self.position + 1]
        if char == END or " " <= char < "\x7f":
            return char
        if "\ud800" <= char <= "\udfff":
            self.fail(f"invalid UTF-8 byte: 0x{ord(char) - 0xDC00:02x}")
        is_lone_return = char == "\r" and not self.text.startswith("\r\n", self.position)
        if is_lone_return or (char < " " and char not in "\t\r\n") or char == "\x7f":
            self.fail(f"TOML files cannot contain control characters: '0x{ord(char):02x}'")
        return char

    def take(self) -> str:
        char = self.peek()
        if char == "\n":
            self.line += 1
        self.position += len(char)
        return char

    def accept(self, char: str) -> bool:
        if self.peek() != char:
            return False
        self.take()
        return True

    def skip_blanks(self) -> None:
        while self.peek() in BLANK:
            self.position += 1

    def take_while(self, allowed: frozenset[str]) -> None:
        while self.peek() != END and self.peek() in allowed:
            self.position += 1

    def comment(self) -> None:
        while self.peek() not in (*BREAK, END):
            self.position += 1

    def scalar(self, make: Callable[[str], GoValue], text: str) -> GoValue:
        try:
            return make(text)
        except ScalarError as error:
            self.fail(str(error))
