r"""Go's regexp on top of google-re2, its syntax: what the two disagree on, closed in both directions.

Both descend from one code base, so a pattern that compiles here matches alike. The differences: Go refuses `\C` and
absurd repeat counts, takes only ASCII group names, reads class names loosely (`\p{letter}`, `\p{greek}`), has the
classes `LC`, `Cn` and `Assigned`, lets two groups share a name, and words its errors otherwise. `compile_pattern` is
called by `goregexp`, and where a pattern is only to be sound. Python's `re` never sees text from a chart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import re2

from steersman.core.golang.quote import can_backquote, quote
from steersman.core.golang.runes import REPLACEMENT, scrub
from steersman.core.golang.types import GoPanic, to_bytes

_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False  # it would write chart text to stderr
_ROOMY_OPTIONS: Final = re2.Options()
_ROOMY_OPTIONS.log_errors = False
_ROOMY_OPTIONS.max_mem = 64 << 20
"""For the few patterns that RE2 refuses at its 8 MiB: Go's limit is 128 MiB of a program half as large."""
_TOO_LARGE: Final = b"pattern too large"

_HUGE_REPEAT: Final = re2.compile(r"\{[1-9][0-9]*(,[0-9]*)?\}")
_FIRST_SURROGATE: Final = 0xD800
_LAST_SURROGATE: Final = 0xDFFF
_MAX_RUNE: Final = 0x10FFFF
_BAD_COUNT: Final = re2.compile(r"\{[0-9]+(,[0-9]*)?\}$")
_LONGEST_COUNT: Final = 8
"""From so many digits on RE2 takes a repeat for literal text, where Go says that the count is invalid."""
_LARGEST_COUNT: Final = 1000
_REFUSED_REPEAT: Final = "{1001}"
_REFUSED_ESCAPE: Final = "\\y"
_REFUSED_NAME: Final = "(?P<->"
"""Stand in for what only RE2 accepts: it refuses these, and says so in the right order with other errors."""

_MESSAGES: Final = {
    "invalid escape sequence": "invalid escape sequence",
    "invalid character class": "invalid character class",
    "invalid character class range": "invalid character class range",
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "unexpected )": "unexpected )",
    "trailing \\": "trailing backslash at end of expression",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid UTF-8": "invalid UTF-8",
    "invalid named capture group": "invalid named capture",
    "pattern too large - compile failed": "expression too large",
}

_BLAME_ALL: Final = frozenset({"missing )", "unexpected )", "pattern too large - compile failed"})

_CASED: Final = r"\p{Lu}\p{Ll}\p{Lt}"
_ASSIGNED: Final = r"\pL\pM\pN\pP\pS\pZ\p{Cc}\p{Cf}\p{Co}\p{Cs}"
_COMPOSED: Final = {
    "Assigned": (_ASSIGNED, False),
    "Casedletter": (_CASED, False),
    "Cn": (_ASSIGNED, True),
    "Lc": (_CASED, False),
    "Unassigned": (_ASSIGNED, True),
}
"""Classes that RE2 does not have: those they are the union of, and whether that is to be turned round."""

_CATEGORIES: Final = {
    "Closepunctuation": "Pe",
    "Cntrl": "Cc",
    "Combiningmark": "M",
    "Connectorpunctuation": "Pc",
    "Control": "Cc",
    "Currencysymbol": "Sc",
    "Dashpunctuation": "Pd",
    "Decimalnumber": "Nd",
    "Digit": "Nd",
    "Enclosingmark": "Me",
    "Finalpunctuation": "Pf",
    "Format": "Cf",
    "Initialpunctuation": "Pi",
    "Letter": "L",
    "Letternumber": "Nl",
    "Lineseparator": "Zl",
    "Lowercaseletter": "Ll",
    "Mark": "M",
    "Mathsymbol": "Sm",
    "Modifierletter": "Lm",
    "Modifiersymbol": "Sk",
    "Nonspacingmark": "Mn",
    "Number": "N",
    "Openpunctuation": "Ps",
    "Other": "C",
    "Otherletter": "Lo",
    "Othernumber": "No",
    "Otherpunctuation": "Po",
    "Othersymbol": "So",
    "Paragraphseparator": "Zp",
    "Privateuse": "Co",
    "Punct": "P",
    "Punctuation": "P",
    "Separator": "Z",
    "Spaceseparator": "Zs",
    "Spacingmark": "Mc",
    "Surrogate": "Cs",
    "Symbol": "S",
    "Titlecaseletter": "Lt",
    "Uppercaseletter": "Lu",
}


class RegexError(GoPanic):
    """A pattern that Go would not compile."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"error parsing regexp: {what}: `{where}`")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern and the names of its groups by number, "" for those without.

    `has_inner_boundary`: it has a `\\B`, which RE2 finds between the bytes of a character, too.
    """

    compiled: Any
    names: tuple[str, ...]
    has_inner_boundary: bool = False


@lru_cache(maxsize=256)
def compile_pattern(text: str) -> Pattern:
    """Compile as Go does; raises RegexError."""
    scanner = _Scanner(text)
    scanner.scan()
    written = to_bytes("".join(scanner.out))
    try:
        compiled = _compiled(written)
    except re2.error as error:
        raise _translated(error, scanner) from None
    return Pattern(compiled, tuple(scanner.names), scanner.has_inner_boundary)


def _compiled(written: bytes) -> Any:
    try:
        return re2.compile(written, _OPTIONS)
    except re2.error as error:
        if _TOO_LARGE not in error.args[0]:
            raise
        return re2.compile(written, _ROOMY_OPTIONS)


def must_compile(text: str) -> Pattern:
    """`compile_pattern` with the panic of Go's MustCompile. Raises GoPanic."""
    try:
        return compile_pattern(text)
    except RegexError as error:
        shown = f"`{text}`" if can_backquote(text) else quote(text)
        raise GoPanic(f"regexp: Compile({shown}): {error.message}") from error


def _translated(error: re2.error, scanner: _Scanner) -> RegexError:
    what, _, where = error.args[0].decode("utf-8", "surrogateescape").partition(": ")
    text = scanner.text
    bad_count = _BAD_COUNT.search(where) if what == "bad repetition operator" else None
    if bad_count and _is_bad_count(bad_count[0]):
        return RegexError("invalid repeat count", bad_count[0])  # what Go looks at before how operators stand
    if what in _BLAME_ALL:
        return RegexError(_MESSAGES[what], text)
    where = _count(where) if what == "invalid repetition size" else where
    for rewritten, written in scanner.renamed.items():
        where = where.replace(rewritten, written)
    if what == "invalid UTF-8":
        return _bad_text(text)
    if what == "invalid perl operator" and where.startswith("(?<"):
        rest = text[text.index("(?<") :]
        if len(rest) > 3:
            return RegexError("invalid named capture", rest[: rest.find(">") + 1] or rest)
    return RegexError(_MESSAGES.get(what, what), where)


def _count(repeat: str) -> str:
    """A repeat whose count alone is wrong is shown without the `?` behind it."""
    return repeat.rstrip("?") if _is_bad_count(repeat.rstrip("?")) else repeat


def _is_bad_count(repeat: str) -> bool:
    numbers = [int(count) for count in repeat.strip("{}").split(",") if count]
    return max(numbers) > _LARGEST_COUNT or numbers != sorted(numbers)


def _bad_text(text: str) -> RegexError:
    clean = scrub(text)
    if clean == text:
        # RE2 calls a pattern that ends in an unfinished \x{ by this name too.
        return RegexError("invalid escape sequence", "\\x{")
    first = next(index for index, char in enumerate(text) if clean[index] == REPLACEMENT != char)
    return RegexError("invalid UTF-8", text[first:])


class _Scanner:
    """Walks a pattern once: notes group names, rewrites class names, spoils what only RE2 accepts."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.out: list[str] = []
        self.names = [""]
        self.renamed: dict[str, str] = {}
        self.has_inner_boundary = False

    def scan(self) -> None:
        while self.position < len(self.text):
            char = self.text[self.position]
            if char == "\\":
                self._escape(in_class=False)
            elif char == "[":
                self._character_class()
            elif char == "(":
                self._group()
            elif char == "{":
                self._repeat()
            else:
                self._copy(1)

    def _copy(self, count: int) -> None:
        self.out.append(self.text[self.position : self.position + count])
        self.position += count

    def _rewrite(self, written: str, rewritten: str) -> None:
        """Give RE2 something else; errors about it name what was written."""
        self.renamed.setdefault(rewritten, written)
        self.out.append(rewritten)
        self.position += len(written)

    def _escape(self, *, in_class: bool) -> None:
        letter = self.text[self.position + 1 : self.position + 2]
        if letter in ("p", "P"):
            self._unicode_class(in_class=in_class)
        elif letter == "Q" and not in_class:
            end = self.text.find("\\E", self.position)
            self._copy(len(self.text) - self.position if end < 0 else end + 2 - self.position)
        elif letter == "C":
            self._rewrite("\\C", _REFUSED_ESCAPE)
        else:
            self.has_inner_boundary |= letter == "B"
            self._copy(2)

    def _character_class(self) -> None:
        self._copy(1)
        if self.text.startswith("^", self.position):
            self._copy(1)
        if self.text.startswith("]", self.position):
            self._copy(1)
        while self.position < len(self.text):
            if self.text.startswith("[:", self.position):
                end = self.text.find(":]", self.position + 2)
                self._copy(end + 2 - self.position if end > 0 else 1)
            elif self.text[self.position] == "\\":
                self._escape(in_class=True)
            else:
                self._copy(1)
                if self.out[-1] == "]":
                    return

    def _group(self) -> None:
        for opening in ("(?P<", "(?<"):
            if self.text.startswith(opening, self.position):
                self._named_group(opening)
                return
        if not self.text.startswith("(?", self.position):
            self.names.append("")
        self._copy(1)

    def _named_group(self, opening: str) -> None:
        end = self.text.find(">", self.position)
        name = self.text[self.position + len(opening) : end]
        self.names.append(name)
        if end > 0 and scrub(name) == name and not name.isascii():
            self._rewrite(self.text[self.position : end + 1], _REFUSED_NAME)
        else:
            self._copy(1)

    def _repeat(self) -> None:
        match = _HUGE_REPEAT.match(scrub(self.text[self.position : self.position + 64]))
        if match and any(len(count) > _LONGEST_COUNT for count in match.group().strip("{}").split(",")):
            self._rewrite(match.group(), _REFUSED_REPEAT)
        else:
            self._copy(1)

    def _unicode_class(self, *, in_class: bool) -> None:
        start = self.position
        end = self.text.find("}", start) + 1 if self.text.startswith("{", start + 2) else start + 3
        if end <= start:
            self._copy(len(self.text) - start)
            return
        written = self.text[start:end]
        self._rewrite(written, _canonical_class(written, in_class=in_class))


def _canonical_class(written: str, *, in_class: bool) -> str:
    r"""`\p{greek}` as RE2 wants it, `\p{Greek}`."""
    name = written[2:].strip("{}")
    negated = written[1] == "P"
    if name.startswith("^"):
        negated, name = not negated, name[1:]
    bare = name.translate(str.maketrans("", "", "_- "))
    canonical = bare[:1].upper() + bare[1:].lower()
    if canonical == "Ascii":
        return _ascii_class(negated=negated, in_class=in_class)
    if canonical in _COMPOSED:
        parts, turned = _COMPOSED[canonical]
        ranges = _ranges(parts, negated=negated != turned)
        return ranges if in_class else f"[{ranges}]"
    return f"\\{'P' if negated else 'p'}{{{_CATEGORIES.get(canonical, canonical)}}}"


@lru_cache(maxsize=4)
def _ranges(parts: str, *, negated: bool) -> str:
    """The characters of a class, or the others, as ranges: in brackets RE2 takes no class turned round but its own."""
    every = "".join(map(chr, (*range(_FIRST_SURROGATE), *range(_LAST_SURROGATE + 1, _MAX_RUNE + 1))))
    runs = re2.finditer(f"(?s)[{'^' if negated else ''}{parts}]+", every)
    return "".join([f"\\x{{{ord(every[run.start()]):X}}}-\\x{{{ord(every[run.end() - 1]):X}}}" for run in runs])


def _ascii_class(*, negated: bool, in_class: bool) -> str:
    characters = "\\x{80}-\\x{10FFFF}" if negated else "\\x00-\\x7F"
    return characters if in_class else f"[{characters}]"
