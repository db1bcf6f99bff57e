"""Go's net/url: taking a URL apart and putting one together, escapes and error texts as Go has them.

Called by `urlParse` and `urlJoin`, and for the links in Chart.yaml. Everything works on bytes of the text: an escape
may stand for half a character.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from steersman.core.golang.netip import AddressError, parse_address
from steersman.core.golang.quote import quote
from steersman.core.golang.types import from_bytes, to_bytes

_ALPHANUMERIC: Final = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_UNRESERVED: Final = frozenset(_ALPHANUMERIC + b"-._~")
_HEX: Final = frozenset(b"0123456789abcdefABCDEF")
_PERCENT: Final = ord("%")

# What each part of a URL may hold unescaped.
_IN_PATH: Final = _UNRESERVED | frozenset(b"$&+,/:;=@")
_IN_FRAGMENT: Final = _UNRESERVED | frozenset(b"!$&()*+,/:;=?@")
_IN_USER: Final = _UNRESERVED | frozenset(b"$&+,;=")
_IN_HOST: Final = _UNRESERVED | frozenset(b"!\"$&'()*+,:;<=>[]")
_IN_ESCAPED_ZONE: Final = _IN_HOST | frozenset(b" ")
_IN_USERINFO: Final = frozenset(_ALPHANUMERIC + b"-._:~!$&'()*+,;=%@")


class URLError(ValueError):
    """A text that is no URL; the message is Go's."""


@dataclass(frozen=True, slots=True)
class URL:
    """The parts of a URL, unescaped; `userinfo` is escaped, None where there is none."""

    scheme: str = ""
    opaque: str = ""
    userinfo: str | None = None
    host: str = ""
    path: str = ""
    query: str = ""
    fragment: str = ""

    def hostname(self) -> str:
        """The host without port and brackets."""
        name, colon, port = self.host.rpartition(":")
        bare = name if colon and _is_port(f":{port}") else self.host
        return bare[1:-1] if bare.startswith("[") and bare.endswith("]") else bare

    def __str__(self) -> str:
        text = f"{self.scheme}:" if self.scheme else ""
        text += self.opaque or self._hierarchy(text)
        if self.query:
            text += f"?{self.query}"
        return f"{text}#{_escape(self.fragment, _IN_FRAGMENT)}" if self.fragment else text

    def _hierarchy(self, before: str) -> str:
        text = ""
        if self.host or self.userinfo is not None or (self.scheme and self.path):
            text = "//"
        if self.userinfo is not None:
            text += f"{self.userinfo}@"
        text += _escape(self.host, _IN_HOST)
        path = self.path if self.path == "*" else _escape(self.path, _IN_PATH)
        if path and path[0] != "/" and self.host:
            text += "/"
        if not before and not text and ":" in path.partition("/")[0]:
            # Without it the part before the colon would read as a scheme.
            text = "./"
        return text + path


def parse_url(text: str) -> URL:
    """url.Parse; raises URLError."""
    body, _, fragment = text.partition("#")
    try:
        url = _parse(body)
    except URLError as error:
        raise URLError(f"parse {quote(body)}: {error}") from None
    if not fragment:
        return url
    try:
        plain = _unescape(fragment)
    except URLError as error:
        raise URLError(f"parse {quote(text)}: {error}") from None
    return URL(url.scheme, url.opaque, url.userinfo, url.host, url.path, url.query, plain)


def parse_request_uri(text: str) -> URL:
    """url.ParseRequestURI: an absolute URL or an absolute path, `#` no fragment; raises URLError."""
    try:
        url = _parse(text)
    except URLError as error:
        raise URLError(f"parse {quote(text)}: {error}") from None
    if not text or not (url.scheme or text.startswith(("/", "*"))):
        reason = "invalid URI for request" if text else "empty url"
        raise URLError(f"parse {quote(text)}: {reason}")
    return url


def _parse(text: str) -> URL:
    if any(char < " " or char == "\x7f" for char in text):
        raise URLError("net/url: invalid control character in URL")
    if text == "*":
        return URL(path="*")
    scheme, rest = _split_scheme(text)
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        if scheme:
            return URL(scheme, opaque=rest, query=query)
        if ":" in rest.partition("/")[0]:
            raise URLError("first path segment in URL cannot contain colon")
    userinfo, host = None, ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        userinfo, host = _parse_authority(scheme, authority)
    return URL(scheme, userinfo=userinfo, host=host, path=_unescape(rest), query=query)


def _split_scheme(text: str) -> tuple[str, str]:
    for index, char in enumerate(text):
        if char.isascii() and char.isalpha():
            continue
        if index and (char in "+-." or (char.isascii() and char.isdigit())):
            continue
        if char != ":":
            break
        if index == 0:
            raise URLError("missing protocol scheme")
        return text[:index].lower(), text[index + 1 :]
    return "", text


def _parse_authority(scheme: str, authority: str) -> tuple[str | None, str]:
    userinfo, at, host = authority.rpartition("@")
    parsed = _parse_host(scheme, host)
    if not at:
        return None, parsed
    if not _IN_USERINFO.issuperset(to_bytes(userinfo)):
        raise URLError("net/url: invalid userinfo")
    user, colon, password = userinfo.partition(":")
    escaped = _escape(_unescape(user), _IN_USER)
    return (f"{escaped}:{_escape(_unescape(password), _IN_USER)}" if colon else escaped), parsed


def _parse_host(scheme: str, host: str) -> str:
    if "[" in host:
        return _parse_bracketed(host)
    if ":" in host:
        # Only http and https insist on a single colon: databases put lists of hosts here.
        first = host.index(":") if scheme in ("http", "https") else host.rindex(":")
        _check_port(host[first:])
    return _unescape_host(host)


def _parse_bracketed(host: str) -> str:
    if host.rindex("["):
        raise URLError("invalid IP-literal")
    name, bracket, port = host[1:].rpartition("]")
    if not bracket:
        raise URLError("missing ']' in host")
    _check_port(port)
    bare, zone_mark, zone = name.partition("%25")
    address = _unescape_host(bare) + _unescape_host(zone_mark + zone, is_zone=True)
    try:
        parsed = parse_address(address)
    except AddressError as error:
        raise URLError(f"invalid host: {error}") from error
    if parsed.is_ipv4:
        raise URLError("invalid IP-literal")
    return f"[{address}]{port}"


def _check_port(port: str) -> None:
    if not _is_port(port):
        raise URLError(f"invalid port {quote(port)} after host")


def _is_port(text: str) -> bool:
    return not text or (text[0] == ":" and not text[1:].strip("0123456789"))


def _unescape_host(text: str, *, is_zone: bool = False) -> str:
    """A host may escape only what is not ASCII, and a percent sign; the zone of an address only a blank, a percent
    sign, and what it may hold anyway."""
    data = to_bytes(text)
    for index, byte in enumerate(data):
        if byte == _PERCENT:
            escape = _checked_escape(data, index)
            value = int(escape[1:], 16)
            if value != _PERCENT and (value not in _IN_ESCAPED_ZONE if is_zone else value < 0x80):
                raise URLError(f"invalid URL escape {quote(from_bytes(escape))}")
        elif byte < 0x80 and byte not in _IN_HOST:
            raise URLError(f"invalid character {quote(chr(byte))} in host name")
    return _unescape(text)


def _unescape(text: str) -> str:
    if "%" not in text:
        return text
    data = to_bytes(text)
    out: list[bytes] = []
    position = 0
    while (percent := data.find(b"%", position)) >= 0:
        escape = _checked_escape(data, percent)
        out += (data[position:percent], bytes.fromhex(escape[1:].decode("ascii")))
        position = percent + 3
    out.append(data[position:])
    return from_bytes(b"".join(out))


def _checked_escape(data: bytes, percent: int) -> bytes:
    escape = data[percent : percent + 3]
    if len(escape) < 3 or not _HEX.issuperset(escape[1:]):
        raise URLError(f"invalid URL escape {quote(from_bytes(escape))}")
    return escape


def _escape(text: str, allowed: frozenset[int]) -> str:
    return "".join(chr(byte) if byte in allowed else f"%{byte:02X}" for byte in to_bytes(text))
