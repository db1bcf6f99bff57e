"""Case conversion of names: upper, lower, title, camelcase, snakecase, kebabcase.

The last three follow huandu/xstrings 1.5 word for word as it splits them: `HTTPServer2xx` is `http_server_2xx`. That is
two small state machines: camel case walks characters, snake and kebab case walk the words that `_words` cuts.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from steersman.core.golang import runes
from steersman.core.golang.runes import (
    REPLACEMENT,
    SPACE,
    is_digit,
    is_letter,
    is_number,
    is_punctuation,
    is_upper,
    scrub,
    to_lower,
    to_title,
    to_upper,
)
from steersman.core.template.funcs.registry import STRING, FunctionTable

TABLE = FunctionTable()


@TABLE.function("upper", params=(STRING,), result=STRING)
def upper(text: str) -> str:
    """In upper case, character by character."""
    return runes.upper(text)


@TABLE.function("lower", params=(STRING,), result=STRING)
def lower(text: str) -> str:
    """In lower case, character by character."""
    return runes.lower(text)


@TABLE.function("title", params=(STRING,), result=STRING)
def title(text: str) -> str:
    """The letter after each separator in title case: `it's` is `It'S`."""
    chars, previous = [], " "
    for char in scrub(text):
        chars.append(to_title(char) if _is_separator(previous) else char)
        previous = char
    return "".join(chars)


def _is_separator(char: str) -> bool:
    if char.isascii():
        return not (char.isalnum() or char == "_")
    return not (is_letter(char) or is_digit(char)) and char in SPACE


@TABLE.function("camelcase", params=(STRING,), result=STRING)
def camelcase(text: str) -> str:
    """`http_server` to `HttpServer`; connectors in front stay, of several in a row the last goes."""
    text = scrub(text)
    start = next((index for index, char in enumerate(text) if not _is_connector(char)), len(text))
    if start == len(text):
        # Nothing but connectors: the library writes the last one twice.
        return text + text[-1:]
    chars = [text[:start]]
    after_upper, pending = is_upper(text[start]), to_upper(text[start])
    for char in text[start + 1 :]:
        after_connector = _is_connector(pending)
        following = char
        if after_connector and not _is_connector(char):
            after_upper, following = is_upper(char), to_upper(char)
        else:
            chars.append(pending)
            if not after_connector and after_upper:
                after_upper = is_upper(char)
                following = to_lower(char) if after_upper else char
        pending = following
    return "".join((*chars, pending))


@TABLE.function("snakecase", params=(STRING,), result=STRING)
def snakecase(text: str) -> str:
    """`FirstName` to `first_name`."""
    return _separated(text, "_")


@TABLE.function("kebabcase", params=(STRING,), result=STRING)
def kebabcase(text: str) -> str:
    """`FirstName` to `first-name`."""
    return _separated(text, "-")


class _Kind(Enum):
    BROKEN = auto()
    """Bytes that are no characters, or nothing at all."""
    CONNECTOR = auto()
    PUNCTUATION = auto()
    UPPER = auto()
    LETTERS = auto()
    NUMBER = auto()
    OTHER = auto()


_TAIL: Final = frozenset({_Kind.LETTERS, _Kind.NUMBER})


def _separated(text: str, connector: str) -> str:
    """The words in lower case with connectors between; digits stay with the letters around them."""
    if not text:
        return ""
    words = _Words(text, connector)
    while words.more:
        kind = words.kind
        words.write()
        if kind is _Kind.NUMBER:
            words.write_tail()
        elif kind in (_Kind.CONNECTOR, _Kind.PUNCTUATION):
            continue
        elif words.kind is not _Kind.NUMBER:
            words.connect()
        elif words.more:
            _write_number(words)
    words.write()
    return "".join(words.out)


def _write_number(words: _Words) -> None:
    """Digits after a word belong to it (`bld4`), unless lower-case letters follow them (`http_2xx`)."""
    digits = words.word
    words.advance()
    if words.kind is not _Kind.LETTERS:
        words.out.append(digits)
        words.connect()
        return
    words.out.append(words.connector + digits)
    words.write_tail()


class _Words:
    """Cuts a text into words of one kind; holds the one just cut and what has been written."""

    def __init__(self, text: str, connector: str) -> None:
        self.text = text
        self.connector = connector
        self.out: list[str] = []
        self.position = 0
        self.kind = _Kind.BROKEN
        self.word = ""
        self.advance()

    @property
    def more(self) -> bool:
        return self.position < len(self.text)

    def write(self) -> None:
        """Write the word and cut the next."""
        if self.kind in (_Kind.CONNECTOR, _Kind.UPPER):
            self.out += [self._lowered(char) for char in scrub(self.word)]
        else:
            self.out.append(self.word)
        self.advance()

    def _lowered(self, char: str) -> str:
        if _is_connector(char):
            return self.connector
        return to_lower(char) if is_upper(char) else char

    def write_tail(self) -> None:
        """Write letters and digits as long as they follow, then a connector before any other word."""
        while self.kind in _TAIL:
            self.write()
        if self.kind is not _Kind.BROKEN:
            self.connect()

    def connect(self) -> None:
        """Write a connector, unless the word is one or is punctuation."""
        if self.kind not in (_Kind.CONNECTOR, _Kind.PUNCTUATION):
            self.out.append(self.connector)

    def advance(self) -> None:
        """Cut the next word; at the end of the text, an empty broken one."""
        start = self.position
        char = self._take("")
        if not char:
            self.kind = _Kind.BROKEN
        elif _is_connector(char):
            self._take_run(_Kind.CONNECTOR, char, _is_connector)
        elif is_punctuation(char):
            self._take_run(_Kind.PUNCTUATION, char, is_punctuation)
        elif is_upper(char):
            self._take_upper(char)
        elif _is_alphabetic(char):
            self._take_run(_Kind.LETTERS, char, _continues_letters)
        elif is_number(char):
            self._take_run(_Kind.NUMBER, char, is_number)
        else:
            self._take_run(_Kind.OTHER, char, _continues_other)
        self.word = self.text[start : self.position]

    def _take(self, previous: str) -> str:
        """The next character, broken bytes before it skipped; `previous` again when nothing but those is left."""
        while self.position < len(self.text):
            char = self.text[self.position]
            self.position += 1
            if not _is_broken(char):
                return char
        return previous

    def _take_run(self, kind: _Kind, char: str, belongs: Callable[[str], bool]) -> str:
        """Take characters that belong; gives the one that did not, or the last."""
        self.kind = kind
        while self.more:
            before = self.position
            char = self._take(char)
            if not belongs(char):
                self.position = before
                break
        return char

    def _take_upper(self, char: str) -> None:
        """`HTTPStatus` is cut before the `S`, `Http` before the next upper-case letter."""
        self.kind = _Kind.UPPER
        if not self.more:
            return
        before = self.position
        following = self._take(char)
        if is_upper(following):
            last = self._take_run(_Kind.UPPER, following, is_upper)
            if self.more and _is_alphabetic(last):
                self.position -= 1
        elif _is_alphabetic(following):
            self._take_run(_Kind.UPPER, following, _continues_letters)
        else:
            self.position = before


def _is_connector(char: str) -> bool:
    return char in "-_" or char in SPACE


def _is_broken(char: str) -> bool:
    return char == REPLACEMENT or "\ud800" <= char <= "\udfff"


def _is_alphabetic(char: str) -> bool:
    """A letter, but not a Chinese one."""
    if not is_letter(char):
        return False
    return not ("\u3400" <= char <= "\u4d85" or "\u4e00" <= char <= "\u9fcc" or "\U00020000" <= char <= "\U0002b81d")


def _continues_letters(char: str) -> bool:
    return _is_alphabetic(char) and not is_upper(char)


def _continues_other(char: str) -> bool:
    return not (_is_connector(char) or _is_alphabetic(char) or is_number(char) or is_punctuation(char))
