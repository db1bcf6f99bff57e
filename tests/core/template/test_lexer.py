"""Tokens, where they stand, and what makes a text no template."""

from __future__ import annotations

import pytest

from steersman.core.template.lexer import tokenize


def _kinds(source: str) -> list[tuple[str, str]]:
    return [(token.kind, token.value) for token in tokenize(source)]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        pytest.param("", [], id="empty"),
        pytest.param("a", [("text", "a")], id="text"),
        pytest.param("a {{- . -}} ", [("text", "a"), ("left", "{{"), (".", "."), ("right", "}}")], id="trim"),
        pytest.param("{{-3}}", [("left", "{{"), ("number", "-3"), ("right", "}}")], id="minus is no trim mark"),
        pytest.param("x {{/* a }} b */}} y", [("text", "x "), ("text", " y")], id="comment"),
        pytest.param("x\n{{- /* a */ -}}\ny", [("text", "x"), ("text", "y")], id="trimming comment"),
        pytest.param("{{ .a.b.c }}", [("left", "{{"), ("field", ".a.b.c"), ("right", "}}")], id="chain is one token"),
        pytest.param("{{$x.a}}", [("left", "{{"), ("variable", "$x"), ("field", ".a"), ("right", "}}")], id="variable"),
        pytest.param("{{ .é.ü }}", [("left", "{{"), ("field", ".é"), ("field", ".ü"), ("right", "}}")], id="letters"),
        pytest.param("{{ ( . ) }}", [("left", "{{"), ("(", "("), (".", "."), (")", ")"), ("right", "}}")], id="dot"),
        pytest.param('{{ "a\\"b" }}', [("left", "{{"), ("string", '"a\\"b"'), ("right", "}}")], id="string"),
        pytest.param("{{ `}}` }}", [("left", "{{"), ("raw", "`}}`"), ("right", "}}")], id="raw string"),
        pytest.param("{{ 1+2i }}", [("left", "{{"), ("complex", "1+2i"), ("right", "}}")], id="complex"),
        pytest.param("{{if true}}", [("left", "{{"), ("if", "if"), ("bool", "true"), ("right", "}}")], id="keyword"),
        pytest.param("{{ \n }}", [("left", "{{"), ("right", "}}")], id="newline inside"),
    ],
)  # fmt: skip
def test_tokens(source: str, wanted: list[tuple[str, str]]) -> None:
    assert _kinds(source) == [*wanted, ("eof", "")]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{", "unclosed action"),
        ("{{/* a", "unclosed comment"),
        ("{{/* a */ }}", "comment ends before closing delimiter"),
        ('{{ "a', "unterminated quoted string"),
        ('{{ "a\n" }}', "unterminated quoted string"),
        ("{{ `a", "unterminated raw quoted string"),
        ("{{ 'a", "unterminated character constant"),
        ("{{ (1 }}", "unclosed left paren"),
        ("{{ 1) }}", "unexpected right paren"),
        ("{{ .a-b }}", "bad character U+002D '-'"),
        ("{{ .² }}", "bad character U+00B2 '²'"),
        ("{{ 1x }}", 'bad number syntax: "1x"'),
        ("{{ 1+2 }}", 'bad number syntax: "1+2"'),
        ("{{ : }}", "expected :="),
        ("{{ ❤ }}", "unrecognized character in action: U+2764 '❤'"),
        ("{{ \udcff }}", "unrecognized character in action: U+FFFD '�'"),
    ],
)
def test_errors_end_the_tokens(source: str, text: str) -> None:
    assert _kinds(source)[-1] == ("error", text)


def test_white_space_is_a_mark_on_the_next_token() -> None:
    tokens = tokenize("{{a .b}}{{ c }}")
    assert [(token.value, token.spaced) for token in tokens[1:3]] == [("a", False), (".b", True)]
    assert [token.position for token in tokens] == [0, 2, 4, 6, 8, 11, 13, 15]
