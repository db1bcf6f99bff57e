"""Text → tree of nodes of its first document, by PyYAML's C parser (libyaml), whose grammar go-yaml v2 shares.

Called by `reader`; `decode` turns nodes into values. `yaml._yaml.CParser` is a private name of PyYAML (pinned, tested):
its public loaders build values by other rules than Go's, and are several times slower than its events alone.
libyaml differs from Go's port of it in corners that are settled here (`_repair` and the checks of `_Composer`):

- in double quotes `\\'` is an escape for Go and `\\/` is none
- inside `[]` and `{}`, `x:` may stand before a bracket or comma, and `?` ends a plain scalar
- `%YAML` may only declare 1.1
- the line numbers in messages are Go's, which count from 0 for errors of its parser
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from yaml import events
from yaml._yaml import CParser
from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError
from yaml.scanner import ScannerError

from steersman.core.golang.types import to_bytes
from steersman.core.yaml.errors import YAMLError

MAX_DEPTH: Final = 200
"""Deeper collections are refused. Go's limit is 10000, but what walks values here recurses."""

_STAND_IN_RANGE = range(0xE000, 0xF900)
_OTHER_VERSION = re.compile(r"^%YAML[ \t]+(?!1\.1\b)", re.MULTILINE).search
_SLASH_ESCAPE = re.compile(r"(?:[^\\]|\\[^/])*\\/", re.DOTALL).match


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
    stand_in = ""
    while True:
        try:
            return _Composer(text, stand_in).document()
        except ReaderError as error:
            raise YAMLError(f"yaml: {error.reason}") from error
        except MarkedYAMLError as error:
            stand_in = stand_in or _unused_character(text)
            repaired = _repair(text, error, stand_in)
            if repaired is None:
                raise _foreign_version(text, error) or _as_go(error) from error
            text = repaired


class _Composer:
    """Reads the events of one document. `stand_in` stands for a `:` that libyaml would not have where it is."""

    def __init__(self, text: str, stand_in: str) -> None:
        self._text = text
        self._stand_in = stand_in
        self._parser: Any = CParser(_input(text))
        self._anchors: dict[str, Node] = {}
        self._check_slashes = "\\/" in text

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
        if self._check_slashes and event.style == '"':
            self._refuse_slash_escape(event)
        if "?" in value and event.style == "" and parent is not None and parent.flow_style:
            raise _flow_question_mark(event, parent)
        if self._stand_in:
            value = value.replace(self._stand_in, ":")
        node = ScalarNode(value, event.tag, event.implicit[0], event.start_mark.line)
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
        while type(event := self._parser.get_event()) is not events.SequenceEndEvent:
            node.items.append(self._node(event, start, depth + 1))
        return node

    def _mapping(self, start: Any, depth: int) -> MappingNode:
        node = MappingNode(start.start_mark.line)
        self._remember(start, node)
        while type(event := self._parser.get_event()) is not events.MappingEndEvent:
            key = self._node(event, start, depth + 1)
            node.items.append((key, self._node(self._parser.get_event(), start, depth + 1)))
        return node

    def _remember(self, event: Any, node: Node) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = node

    def _refuse_slash_escape(self, event: Any) -> None:
        found = _SLASH_ESCAPE(self._text, event.start_mark.index, event.end_mark.index)
        if found is not None:
            line = event.start_mark.line + self._text.count("\n", event.start_mark.index, found.end())
            raise _error("found unknown escape character", line, line and line + 1)


def _input(text: str) -> str | bytes:
    """Bytes where the text holds some that are not UTF-8: libyaml then says so in the words Go uses."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return to_bytes(text)
    return text


def _repair(text: str, error: MarkedYAMLError, stand_in: str) -> str | None:
    """The text in a form that libyaml reads as Go reads the original; None where both refuse it."""
    mark = error.problem_mark
    if mark is None:
        return None
    at = mark.index
    if error.problem == "found unexpected ':'":
        return f"{text[:at]}{stand_in}{text[at + 1 :]}"
    if error.problem == "found unknown escape character" and text.startswith("\\'", at):
        return f"{text[:at]}\\x27{text[at + 2 :]}"
    return None


def _foreign_version(text: str, error: MarkedYAMLError) -> YAMLError | None:
    """Go looks at the version that directives declare before it looks for the `---` behind them."""
    if error.problem != "did not find expected <document start>":
        return None
    declared = _OTHER_VERSION(text)
    return declared and _error("found incompatible YAML document", text.count("\n", 0, declared.start()))


def _unused_character(text: str) -> str:
    return next(chr(code) for code in _STAND_IN_RANGE if chr(code) not in text)


def _as_go(error: MarkedYAMLError) -> YAMLError:
    """Go's text for an error of libyaml: the problem alone, with a line where that is not the first."""
    problem_line = error.problem_mark.line if error.problem_mark else 0
    context_line = error.context_mark.line if error.context_mark else 0
    shown = context_line
    if problem_line:
        shown = problem_line + 1 if isinstance(error, ScannerError) else problem_line
    return _error(error.problem or "unknown problem parsing YAML content", problem_line, shown)


def _flow_question_mark(event: Any, parent: Any) -> YAMLError:
    """Go takes the `?` for a key where a comma or the closing bracket must stand."""
    bracket = "]" if type(parent) is events.SequenceStartEvent else "}"
    return _error(
        f"did not find expected ',' or '{bracket}'",
        event.start_mark.line,
        event.start_mark.line or parent.start_mark.line,
    )


def _error(problem: str, line: int, shown: int | None = None) -> YAMLError:
    """`line` counts from 0; `shown` is the number Go prints, nothing where it is 0."""
    number = line if shown is None else shown
    where = f"line {number}: " if number else ""
    return YAMLError(f"yaml: {where}{problem}", line=line + 1)
