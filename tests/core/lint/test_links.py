"""Mail addresses and URLs, as Helm's library for them decides."""

from __future__ import annotations

import pytest

from steersman.core.lint.links import is_email, is_request_url, is_url


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a@b.c", True),
        ("a.b+c@d-e.f.gh", True),
        ("ä@ö.ü", True),
        ("a@b.c.", True),
        ('"a"@b.c', True),
        ('"a b"@c.de', False),
        ("a@b", False),
        ("a..b@c.d", False),
        ("a@b.c1", False),
        ("a@b..c", False),
        ("a@[1.2.3.4]", False),
        ("a b@c.d", False),
        ("a." * 5000 + "@b.c", False),
    ],
)
def test_email(text: str, wanted: bool) -> None:
    assert is_email(text) is wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("https://example.com/a?b#c", True),
        ("example.com", True),
        ("example.com:8080/x", True),
        ("localhost", False),
        ("http://localhost", True),
        ("http://[::1]:80/", True),
        ("[::1]", True),
        ("http://1.2.3.4", True),
        ("abc", False),
        ("user@example.com", True),
        (".example.com", False),
        ("oci://example.com/a", False),
        ("http://a.b:123456", False),
        ("http://a b", False),
        ("/path", False),
        ("http://" + "a" * 2100 + ".com", False),
    ],
)
def test_url(text: str, wanted: bool) -> None:
    assert is_url(text) is wanted


@pytest.mark.parametrize(
    ("text", "wanted"), [("https://example.com", True), ("x:y", True), ("/path", False), ("", False), ("a b", False)]
)
def test_request_url(text: str, wanted: bool) -> None:
    assert is_request_url(text) is wanted
