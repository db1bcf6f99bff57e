"""Text → tree of nodes of its first document, by PyYAML's C parser (libyaml), whose grammar go-yaml v2 shares.

Called by `reader`; `decode` turns nodes into values. `yaml._yaml.CParser` is a private name of PyYAML (pinned, tested):
its public loaders build values by other rules than Go's, and are several times slower than its events alone.
libyaml differs from Go's port of it in corners that are settled here (`_Source` and the checks of `_Composer`):

- in double quotes `\\'` is an escape for Go and `\\/` is none
- a byte order mark within the text is a character like others
- inside `[]` and `{}`, `x:` may stand before a bracket or comma, and `?` ends a plain scalar
- a tag may hold commas and square brackets
- `{}` and `[]` are no keys, though what is wrong then is found elsewhere
- `%YAML` may only declare 1.1
- the line numbers in messages are Go's, which count from 0 for errors of its parser
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from yaml import events
from yaml._yaml import CParser
from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError
from yaml.scanner import ScannerError

from steersman.core.golang.types import to_bytes
from steersman.core.yaml.errors import MAX_DEPTH, YAMLError

_CHUNK: Final = 512
_STAND_IN_RANGE = range(0xE000, 0xF900)
_MOST_READ_AGAIN: Final = 2**21
"""Characters read again because of repairs: some seconds of work."""
_OTHER_VERSION = re.compile(r"^%YAML[ \t]++(?!1\.1\b)", re.MULTILINE).search
_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]").findall
_KEY_IN_VIEW = re.compile(r"""(?:[&!]\S*(?:[ \t]+[&!]\S*)*[ \t]*)?(?:['"\[{*]|[\r\n])""").match
"""A key that is no plain scalar."""
_EMPTY_COLLECTION = re.compile(r"\{(?:\s|#.*+)*+\}|\[(?:\s|#.*+)*+\]").match
_COMMENT = re.compile(r"(?:^|[ \t])#.*").sub
_BYTE_ORDER_MARK: Final = "\ufeff"
_UTF_16_MARKS: Final = ("\udcff\udcfe", "\udcfe\udcff")
_TAG_ESCAPES: Final = {",": "%2C", "[": "%5B", "]": "%5D"}
_ENDS_IN_TAG = re.compile(r"(?:.*\s)?!\S*", re.DOTALL).fullmatch
_IN_TAG: Final = frozenset({"did not find expected whitespace or line break", "did not find expected tag URI"})


@dataclass(slots=True)
class ScalarNode:
    """`plain` is YAML's implicit flag: neither tagged nor quoted."""

    value: str
    tag: str | None
    plain: bool
    line: int


@dataclass(slots=True)
class SequenceNode:
    line: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class MappingNode:
    line: int
    items: list[tuple[Node, Node]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class AliasNode:
    name: str
    target: Node
    line: int


Node: TypeAlias = ScalarNode | SequenceNode | MappingNode | AliasNode


def compose(text: str) -> Node | None:
    """The root of the first document, None where there is none. Raises YAMLError `yaml: …`."""
    source = _Source(text)
    while True:
        composer = _Composer(source)
        try:
            return composer.document()
        except _Repaired:
            continue
        except ReaderError as error:
            raise YAMLError(f"yaml: {error.reason}") from error
        except MarkedYAMLError as error:
            if not source.repair(error):
                raise composer.explained(error) or _foreign_version(text, error) or _as_go(error) from error


class _Repaired(Exception):
    """The text was changed and is to be read again. Never leaves this module."""


class _Source:
    """A text in which unused characters stand for those that libyaml would take in another way than Go."""

    def __init__(self, text: str) -> None:
        if text[:2] in _UTF_16_MARKS:
            with contextlib.suppress(UnicodeDecodeError):
                text = to_bytes(text).decode("utf-16")
        self.text = text
        self._original: dict[int, str] = {}
        self._read_again = 0
        if "\\/" in text:
            self.text = self.text.replace("\\/", "\\" + self._stand_in("/"))
        if _BYTE_ORDER_MARK in text[1:]:
            self.text = text[0] + self.text[1:].replace(_BYTE_ORDER_MARK, self._stand_in(_BYTE_ORDER_MARK))

    def restored(self, value: str) -> str:
        """A scalar as the original text has it."""
        return value.translate(self._original) if self._original else value

    def repair(self, error: MarkedYAMLError) -> bool:
        """Whether there is a form that libyaml reads, at the place of the error, as Go reads the original."""
        mark = error.problem_mark
        if mark is None:
            return False
        at = mark.index
        if error.problem == "found unexpected ':'":
            self._replace(at, 1, self._stand_in(":"))
        elif error.problem == "found unknown escape character" and self.text.startswith("\\'", at):
            self._replace(at, 2, "\\x27")
        elif error.problem in _IN_TAG and (escaped := _TAG_ESCAPES.get(self.text[at : at + 1])):
            self._replace(at, 1, escaped)
        else:
            return False
        return True

    def take_comma(self, start: int, end: int) -> bool:
        """Make a comma right behind a tag a part of it, as it is for Go; the properties of a node are given."""
        if not self.text.startswith(",", end) or _ENDS_IN_TAG(self.text[start:end]) is None:
            return False
        self._replace(end, 1, _TAG_ESCAPES[","])
        return True

    def _replace(self, at: int, length: int, by: str) -> None:
        self.text = self.text[:at] + by + self.text[at + length :]
        self._read_again += at
        if self._read_again > _MOST_READ_AGAIN:
            line = len(_LINE_BREAK(self.text[:at]))
            raise _error("too much that YAML's parsers read differently; quote texts and keys", line, line + 1)

    def _stand_in(self, char: str) -> str:
        for code in _STAND_IN_RANGE:
            if self._original.get(code) == char or chr(code) not in self.text:
                self._original[code] = char
                return chr(code)
        raise YAMLError("yaml: the text uses all characters of private use; leave one of them out")


class _Composer:
    """Reads the events of one document."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._parser: Any = CParser(_Chunks(to_bytes(source.text)))
        self._anchors: dict[str, Node] = {}
        self._open: list[Any] = []
        self._awaits_value: Any = None

    def document(self) -> Node | None:
        self._parser.get_event()
        start = self._parser.get_event()
        if type(start) is events.StreamEndEvent:
            return None
        if start.version not in (None, (1, 1)):
            raise _error("found incompatible YAML document", start.start_mark.line)
        root = self._node(self._parser.get_event(), None, 0)
        self._parser.get_event()
        return root

    def _node(self, event: Any, parent: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _error(f"exceeded max depth of {MAX_DEPTH}", event.start_mark.line)
        kind = type(event)
        if kind is events.ScalarEvent:
            return self._scalar(event, parent)
        if kind is events.AliasEvent:
            return self._alias(event)
        if kind is events.SequenceStartEvent:
            return self._sequence(event, depth)
        return self._mapping(event, depth)

    def _scalar(self, event: Any, parent: Any) -> ScalarNode:
        value: str = event.value
        if (
            event.tag is not None
            and not value
            and event.style == ""
            and self._source.take_comma(event.start_mark.index, event.end_mark.index)
        ):
            raise _Repaired
        if "?" in value and event.style == "" and parent is not None and parent.flow_style:
            raise self._flow_question_mark(event, parent)
        node = ScalarNode(self._source.restored(value), event.tag, event.implicit[0], event.start_mark.line)
        self._remember(event, node)
        return node

    def _alias(self, event: Any) -> AliasNode:
        target = self._anchors.get(event.anchor)
        if target is None:
            raise YAMLError(f"yaml: unknown anchor '{event.anchor}' referenced", line=event.start_mark.line + 1)
        return AliasNode(event.anchor, target, event.start_mark.line)

    def _sequence(self, start: Any, depth: int) -> SequenceNode:
        node = SequenceNode(start.start_mark.line)
        self._remember(start, node)
        self._open.append(start)
        while type(event := self._parser.get_event()) is not events.SequenceEndEvent:
            node.items.append(self._node(event, start, depth + 1))
        self._open.pop()
        return node

    def _mapping(self, start: Any, depth: int) -> MappingNode:
        node = MappingNode(start.start_mark.line)
        self._remember(start, node)
        self._open.append(start)
        while type(event := self._parser.get_event()) is not events.MappingEndEvent:
            key = self._node(event, start, depth + 1)
            self._awaits_value = event
            event = self._parser.get_event()
            self._awaits_value = None
            node.items.append((key, self._node(event, start, depth + 1)))
        self._open.pop()
        return node

    def _remember(self, event: Any, node: Node) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = node

    def explained(self, error: MarkedYAMLError) -> YAMLError | None:
        """What Go says instead about a key without `:`, None where it says the same."""
        return self._misplaced(error) or _bad_start(self._source.text, error)

    def _misplaced(self, error: MarkedYAMLError) -> YAMLError | None:
        """Go does not see the key that a `{}` or `[]` must be in the column of keys, so it misses another one there."""
        key = error.context_mark
        if error.problem != "could not find expected ':'" or key is None:
            return None
        if _EMPTY_COLLECTION(self._source.text, key.index) is None:
            return None
        if self._awaits_value is not None and self._awaits_value.start_mark.column == key.column:
            return None
        if _awaits_item(self._source.text[: key.index]):
            return None
        outer = next((start for start in self._open if start.start_mark.column == key.column), None)
        expected = "'-' indicator" if type(outer) is events.SequenceStartEvent else "key"
        return _error(f"did not find expected {expected}", key.line)

    def _flow_question_mark(self, event: Any, parent: Any) -> YAMLError:
        """Go takes the `?` for a key where a comma or the closing bracket must stand."""
        start = event.start_mark
        before = self._source.text[start.index : self._source.text.index("?", start.index)]
        line = start.line + len(_LINE_BREAK(before))
        bracket = "]" if type(parent) is events.SequenceStartEvent else "}"
        return _error(f"did not find expected ',' or '{bracket}'", line, line or parent.start_mark.line)


class _Chunks:
    """A text as Go's reader takes it in: a character that YAML does not allow is seen when its chunk is.

    What the grammar refuses in earlier chunks is told first. Bytes that are not UTF-8 are such characters too.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def read(self, length: int = _CHUNK) -> bytes:
        """The next chunk: what fits into the buffer beside a character that the last one cut."""
        start = self._position
        self._position = start + min(length, _CHUNK - _cut_bytes(self._data[max(start - 3, 0) : start]))
        return self._data[start : self._position]


def _cut_bytes(end: bytes) -> int:
    """How many bytes at the end of a chunk belong to a character that goes on in the next."""
    for count, octet in enumerate(reversed(end), 1):
        if octet >= 0xC0:
            width = 2 if octet < 0xE0 else 3 if octet < 0xF0 else 4
            return count if count < width else 0
    return 0


def _awaits_item(text: str) -> bool:
    """Whether the last line with more than a comment has nothing but dashes."""
    lines = (_COMMENT("", line).split() for line in reversed(text.splitlines()))
    return set(next(filter(None, lines), ())) == {"-"}


def _bad_start(text: str, error: MarkedYAMLError) -> YAMLError | None:
    """Go fetches the token behind a key without `:` before it misses the `:`; a plain key it has seen to its end."""
    key, at = error.context_mark, error.problem_mark
    if error.problem != "could not find expected ':'" or key is None or at is None:
        return None
    char = text[at.index : at.index + 1]
    is_bad = bool(char) and (char in "\t@`" or (char == "%" and at.column > 0))
    if not is_bad or _KEY_IN_VIEW(text, key.index) is None:
        return None
    return _error("found character that cannot start any token", at.line, at.line + 1)


def _foreign_version(text: str, error: MarkedYAMLError) -> YAMLError | None:
    """Go looks at the version that directives declare before it looks for the `---` behind them."""
    if error.problem != "did not find expected <document start>":
        return None
    declared = _OTHER_VERSION(text)
    return declared and _error("found incompatible YAML document", text.count("\n", 0, declared.start()))


def _as_go(error: MarkedYAMLError) -> YAMLError:
    """Go's text for an error of libyaml: the problem alone, with a line where that is not the first."""
    problem_line = error.problem_mark.line if error.problem_mark else 0
    context_line = error.context_mark.line if error.context_mark else 0
    shown = context_line
    if problem_line:
        shown = problem_line + 1 if isinstance(error, ScannerError) else problem_line
    return _error(error.problem or "unknown problem parsing YAML content", problem_line, shown)


def _error(problem: str, line: int, shown: int | None = None) -> YAMLError:
    """`line` counts from 0; `shown` is the number Go prints, nothing where it is 0."""
    number = line if shown is None else shown
    where = f"line {number}: " if number else ""
    return YAMLError(f"yaml: {where}{problem}", line=line + 1)
