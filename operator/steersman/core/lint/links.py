"""Whether a text is a mail address, a URL, or an absolute URL, as the library that Helm asks decides it (govalidator).

Called by `chartfile`. The grammar is that library's, generous and odd as it is; RE2 keeps it linear on hostile text.
"""

from __future__ import annotations

from typing import Final

import re2

from steersman.core.golang.gourl import URLError, parse_request_uri, parse_url
from steersman.core.golang.runes import scrub
from steersman.core.golang.types import byte_length

_BEYOND_ASCII: Final = r"\x{00A0}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFEF}"
_LETTER: Final = f"a-zA-Z{_BEYOND_ASCII}"

_ATOM: Final = rf"[{_LETTER}0-9!#$%&'*+\-/=?^_`{{|}}~]+"
_FOLD: Final = r"(?:(?:[ \t]*\r\n)?[ \t]+)"
_QUOTED_CHAR: Final = (
    rf"[\x01-\x08\x0b\x0c\x0e-\x1f\x21\x23-\x5b\x5d-\x7f{_BEYOND_ASCII}]|\([\x01-\x09\x0b-\x7f{_BEYOND_ASCII}]"
)
_QUOTED: Final = f'(?:"{_FOLD}?(?:{_QUOTED_CHAR}))*{_FOLD}?"'  # a quote before every character: the library's slip
_LABEL: Final = rf"[{_LETTER}0-9](?:[{_LETTER}0-9\-._~]*[{_LETTER}0-9])?"
_LAST_LABEL: Final = rf"[{_LETTER}](?:[{_LETTER}0-9\-_~]*[{_LETTER}])?"
_EMAIL: Final = re2.compile(rf"^(?:{_ATOM}(?:\.{_ATOM})*|{_QUOTED})@(?:{_LABEL}\.)+{_LAST_LABEL}\.?$")

_BYTE: Final = r"(?:25[0-5]|(?:2[0-4]|1?[0-9])?[0-9])"
_IPV4_TAIL: Final = rf"(?:{_BYTE}\.){{3}}{_BYTE}"
_HEX: Final = "[0-9a-fA-F]{1,4}"
_IPV6: Final = "|".join(
    [
        f"(?:{_HEX}:){{7}}{_HEX}",
        f"(?:{_HEX}:){{1,7}}:",
        *(f"(?:{_HEX}:){{1,{7 - after}}}(?::{_HEX}){{1,{after}}}" for after in range(1, 7)),
        f":(?:(?::{_HEX}){{1,7}}|:)",
        "fe80:(?::[0-9a-fA-F]{0,4}){0,4}%[0-9a-zA-Z]+",
        f"::(?:ffff(?::0{{1,4}})?:)?{_IPV4_TAIL}",
        f"(?:{_HEX}:){{1,4}}:{_IPV4_TAIL}",
    ]
)
_IPV4: Final = (
    r"(?:[1-9][0-9]?|1[0-9]{2}|2[01][0-9]|22[0-3]|24[0-9]|25[0-5])"
    r"(?:\.(?:[0-9]{1,2}|1[0-9]{2}|2[0-4][0-9]|25[0-5])){3}"
)
_HOST_HEAD: Final = (
    r"(?:[a-zA-Z0-9][a-zA-Z0-9_-]*[a-zA-Z0-9](?:[-.][a-zA-Z0-9]+)*"
    r"|www\.|[a-zA-Z0-9]+(?:[-_.]?[a-zA-Z0-9])*[a-zA-Z0-9]\.[a-zA-Z0-9]+)"
)
_WIDE: Final = r"a-zA-Z\x{00a1}-\x{ffff}"
_HOST_TAIL: Final = rf"[{_WIDE}0-9]+(?:-{{1,2}}[{_WIDE}0-9]+)*(?:\.[{_WIDE}]+)?"
_URL: Final = re2.compile(
    r"^(?:(?:ftp|tcp|udp|wss?|https?)://)?(?:\S+(?::\S*)?@)?"
    rf"(?:{_IPV4}|\[(?:{_IPV6})\]|{_HOST_HEAD}?{_HOST_TAIL})"
    r"\.?(?::[0-9]{1,5})?(?:[/?#]\S*)?$"
)
_MAX_URL_RUNES: Final = 2083
_MIN_URL_BYTES: Final = 3


def is_email(text: str) -> bool:
    """Whether the text is a mail address."""
    return _EMAIL.search(scrub(text)) is not None


def is_url(text: str) -> bool:
    """Whether the text is a URL; the scheme may be missing."""
    text = scrub(text)
    if len(text) >= _MAX_URL_RUNES or byte_length(text) <= _MIN_URL_BYTES or text.startswith("."):
        return False
    try:
        url = parse_url(f"http://{text}" if ":" in text and "://" not in text else text)
    except URLError:
        return False
    if url.host.startswith(".") or (not url.host and url.path and "." not in url.path):
        return False
    return _URL.search(text) is not None


def is_request_url(text: str) -> bool:
    """Whether the text is a URL with a scheme."""
    try:
        return parse_request_uri(text).scheme != ""
    except URLError:
        return False
