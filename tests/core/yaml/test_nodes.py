"""What this package uses of PyYAML's private C parser: a new release of PyYAML must still have it."""

from __future__ import annotations

import pytest
from yaml import events
from yaml._yaml import CParser, get_version
from yaml.reader import ReaderError
from yaml.scanner import ScannerError


def test_events_and_marks() -> None:
    parser = CParser("a: &x [1, 'é']\n")
    seen = [parser.get_event() for _ in range(9)]
    assert [type(event) for event in seen] == [
        events.StreamStartEvent,
        events.DocumentStartEvent,
        events.MappingStartEvent,
        events.ScalarEvent,
        events.SequenceStartEvent,
        events.ScalarEvent,
        events.ScalarEvent,
        events.SequenceEndEvent,
        events.MappingEndEvent,
    ]
    assert (seen[3].value, seen[3].style, seen[3].implicit, seen[3].tag) == ("a", "", (True, False), None)
    assert (seen[4].anchor, seen[4].flow_style) == ("x", True)
    assert (seen[6].style, seen[6].start_mark.index, seen[6].start_mark.line) == ("'", 10, 0)


def test_errors() -> None:
    with pytest.raises(ScannerError) as scanner:
        parser = CParser("a: [x:]")
        while parser.get_event() is not None:
            pass
    assert scanner.value.problem == "found unexpected ':'"
    assert scanner.value.problem_mark is not None
    assert scanner.value.problem_mark.index == 5
    with pytest.raises(ReaderError) as reader:
        CParser(b"\xff").get_event()
        CParser(b"\xff").get_token()
    assert reader.value.reason == "invalid leading UTF-8 octet"


def test_the_grammar_is_that_of_libyaml_0_2_5() -> None:
    assert get_version() == (0, 2, 5)
