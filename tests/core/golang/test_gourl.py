"""net/url: parts of an address, and addresses from parts."""

import pytest

from steersman.core.golang.gourl import URL, URLError, parse_request_uri, parse_url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        pytest.param(
            "https://u:p@example.com:8443/a%20b?q=1#top",
            URL("https", "", "u:p", "example.com:8443", "/a b", "q=1", "top"),
            id="whole",
        ),
        pytest.param("mailto:a@b", URL("mailto", opaque="a@b"), id="opaque"),
        pytest.param("//host/path", URL(host="host", path="/path"), id="no-scheme"),
        pytest.param("path?x", URL(path="path", query="x"), id="relative"),
        pytest.param("http://[::1]:80/", URL("http", host="[::1]:80", path="/"), id="ipv6"),
        pytest.param("HTTP://Host", URL("http", host="Host"), id="case"),
        pytest.param("", URL(), id="empty"),
        pytest.param("a:b%", URL("a", opaque="b%"), id="opaque-is-not-read"),
    ],
)
def test_parts(text: str, url: URL) -> None:
    assert parse_url(text) == url


@pytest.mark.parametrize(
    ("text", "scheme"),
    [("http://a/b#c", "http"), ("/a b", ""), ("*", ""), ("x:y", "x")],
)
def test_a_request_uri(text: str, scheme: str) -> None:
    assert parse_request_uri(text).scheme == scheme


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'parse "": empty url'),
        ("a/b", 'parse "a/b": invalid URI for request'),
        ("http://a b", 'parse "http://a b": invalid character " " in host name'),
    ],
)
def test_no_request_uri(text: str, message: str) -> None:
    with pytest.raises(URLError) as caught:
        parse_request_uri(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "text",
    [
        "https://u:p@example.com:8443/a%20b?q=1#top",
        "mailto:a@b",
        "//host/path",
        "./a:b",
        "http://[::1]:80/",
        "/a?b=c#d",
    ],
)
def test_there_and_back(text: str) -> None:
    assert str(parse_url(text)) == text


@pytest.mark.parametrize(
    ("text", "hostname"),
    [("http://a:1", "a"), ("http://[::1]:1", "::1"), ("http://[::1]", "::1"), ("http://a", "a"), ("x", "")],
)
def test_hostname(text: str, hostname: str) -> None:
    assert parse_url(text).hostname() == hostname


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("http://a:b", 'parse "http://a:b": invalid port ":b" after host', id="port"),
        pytest.param("http://[::1", """parse "http://[::1": missing ']' in host""", id="bracket"),
        pytest.param(":x", 'parse ":x": missing protocol scheme', id="scheme"),
        pytest.param("/%zz", 'parse "/%zz": invalid URL escape "%zz"', id="escape"),
        pytest.param("http://a b", 'parse "http://a b": invalid character " " in host name', id="blank"),
        pytest.param(
            "http://[fe80::1%25en ]", 'parse "http://[fe80::1%25en ]": invalid character " " in host name', id="zone"
        ),
        pytest.param(
            "http://[fe80::1%25%C3]", 'parse "http://[fe80::1%25%C3]": invalid URL escape "%C3"', id="zone-escape"
        ),
        pytest.param("a\n", r'parse "a\n": net/url: invalid control character in URL', id="control"),
        pytest.param("1:2", 'parse "1:2": first path segment in URL cannot contain colon', id="colon"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(URLError) as caught:
        parse_url(text)
    assert str(caught.value) == message
