"""The `format` keyword of JSON schemas, as Helm's library (santhosh-tekuri/jsonschema) checks it.

Called by `schema_walk`, and by `schema_document` for patterns and URLs in schemas. Formats that are not in the table
accept everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from steersman.core.golang.goregexp_syntax import RegexError, compile_pattern
from steersman.core.golang.gourl import URL, URLError, parse_url
from steersman.core.golang.layout_reader import LayoutError, parse_clock
from steersman.core.golang.netip import AddressError, parse_address
from steersman.core.golang.numbers import MAX_INT64
from steersman.core.golang.quote import quote, quote_rune
from steersman.core.golang.types import byte_length

_UUID_GROUPS: Final = (8, 4, 4, 4, 12)
_DURATION_UNITS: Final = ("YMD", "HMS")
_MOST_HOSTNAME: Final = 253
_MOST_LABEL: Final = 63
_MOST_EMAIL: Final = 254
_MOST_LOCAL_PART: Final = 64
_INTEGER: Final = re.compile("[+-]?[0-9]+", re.ASCII).fullmatch


class _Wrong(Exception):
    """What is wrong with the text. Never leaves this module."""


def problem(name: str, text: str) -> str | None:
    """What keeps the text from being of the format, None when nothing does."""
    check = _CHECKS.get(name)
    if check is None:
        return None
    try:
        check(text)
    except _Wrong as wrong:
        return str(wrong)
    except RegexError as error:
        return error.message
    except (AddressError, LayoutError, URLError) as error:
        return str(error)
    return None


def _pointer(text: str) -> None:
    if text and not text.startswith("/"):
        raise _Wrong("not starting with /")
    if re.search("~(?![01])", text):
        raise _Wrong("~ must be followed by 0 or 1")


def _relative_pointer(text: str) -> None:
    digits = _leading_digits(text)
    if not digits:
        raise _Wrong("must start with non-negative integer")
    if len(digits) > 1 and digits.startswith("0"):
        raise _Wrong("starts with zero")
    if text[len(digits) :] != "#":
        _pointer(text[len(digits) :])


def _uuid(text: str) -> None:
    groups = text.split("-")
    if len(groups) != len(_UUID_GROUPS):
        raise _Wrong(f"must have {len(_UUID_GROUPS)} elements")
    for number, (group, length) in enumerate(zip(groups, _UUID_GROUPS, strict=True), 1):
        if byte_length(group) != length:
            raise _Wrong(f"element {number} must be {length} characters long")
        _only(group, "0-9a-fA-F", "non-hex character {}")


def _duration(text: str) -> None:
    if not text.startswith("P"):
        raise _Wrong("must start with P")
    if text == "P":
        raise _Wrong("nothing after P")
    if text.endswith("W"):
        weeks = text[1:-1]
        if not weeks:
            raise _Wrong("no number in week")
        if _leading_digits(weeks) != weeks:
            raise _Wrong("invalid week")
        return
    for index, part in enumerate(text[1:].split("T")):
        if index and not part:
            raise _Wrong("no time elements")
        if index >= len(_DURATION_UNITS):
            raise _Wrong("more than one T")
        _duration_part(part, _DURATION_UNITS[index])


def _duration_part(rest: str, units: str) -> None:
    left = units
    while rest:
        digits = _leading_digits(rest)
        if not digits:
            raise _Wrong("missing number")
        unit = rest[len(digits) : len(digits) + 1]
        if not unit:
            raise _Wrong("missing unit")
        if unit not in left:
            shown = quote_rune(unit)
            raise _Wrong(f"unit {shown} out of order" if unit in units else f"invalid unit {shown}")
        left = left[left.index(unit) + 1 :]
        rest = rest[len(digits) + 1 :]


def _period(text: str) -> None:
    start, slash, end = text.partition("/")
    if not slash:
        raise _Wrong("missing slash")
    if start.startswith("P"):
        _named("invalid start duration", _duration, start)
        _named("invalid end date-time", _date_time, end)
        return
    _named("invalid start date-time", _date_time, start)
    if end.startswith("P"):
        _named("invalid end duration", _duration, end)
    else:
        _named("invalid end date-time", _date_time, end)


def _ipv4(text: str) -> None:
    groups = text.split(".")
    if len(groups) != 4:
        raise _Wrong("expected four decimals")
    for group in groups:
        if len(group) > 1 and group.startswith("0"):
            raise _Wrong("leading zeros")
        if not _INTEGER(group):
            raise _Wrong(f"strconv.Atoi: parsing {quote(group)}: invalid syntax")
        if abs(int(group)) > MAX_INT64:
            raise _Wrong(f"strconv.Atoi: parsing {quote(group)}: value out of range")
        if not 0 <= int(group) <= 255:
            raise _Wrong("decimal must be between 0 and 255")


def _ipv6(text: str) -> None:
    if ":" not in text:
        raise _Wrong("missing colon")
    if parse_address(text).zone:
        raise _Wrong("zone id is not a part of ipv6 address")


def _hostname(text: str) -> None:
    text = text.removesuffix(".")
    if byte_length(text) > _MOST_HOSTNAME:
        raise _Wrong(f"more than {_MOST_HOSTNAME} characters long")
    for label in text.split("."):
        if not 1 <= byte_length(label) <= _MOST_LABEL:
            raise _Wrong(f"label must be 1 to {_MOST_LABEL} characters long")
        if label.startswith("-"):
            raise _Wrong("label starts with hyphen")
        if label.endswith("-"):
            raise _Wrong("label ends with hyphen")
        _only(label, "a-zA-Z0-9-", "invalid character {}")


def _email(text: str) -> None:
    if byte_length(text) > _MOST_EMAIL:
        raise _Wrong("more than 255 characters long")
    local, at, domain = text.rpartition("@")
    if not at:
        raise _Wrong("missing @")
    if byte_length(local) > _MOST_LOCAL_PART:
        raise _Wrong(f"local part more than {_MOST_LOCAL_PART} characters long")
    if len(local) > 1 and local.startswith('"') and local.endswith('"'):
        if "\\" in local or '"' in local[1:-1]:
            raise _Wrong("backslash and quote are not allowed within quoted local part")
    else:
        _unquoted_local_part(local)
    if domain.startswith("[") and domain.endswith("]"):
        address = domain[1:-1]
        if address.startswith("IPv6:"):
            _named("invalid ipv6 address", _ipv6, address.removeprefix("IPv6:"))
        else:
            _named("invalid ipv4 address", _ipv4, address)
        return
    _named("invalid domain", _hostname, domain)


def _unquoted_local_part(local: str) -> None:
    if local.startswith("."):
        raise _Wrong("starts with dot")
    if local.endswith("."):
        raise _Wrong("ends with dot")
    if ".." in local:
        raise _Wrong("consecutive dots")
    _only(local, r"a-zA-Z0-9.!#$%&'*+\-/=?^_`{|}~", "invalid character {}")


def _date(text: str) -> None:
    parse_clock("2006-01-02", text)


def _time(text: str) -> None:
    if byte_length(text) < 9:
        raise _Wrong("less than 9 characters long")
    if text[2] != ":" or text[5] != ":":
        raise _Wrong("missing colon in correct place")
    hour, minute, second = _clock_numbers(text[:8], 2, "hour/min/sec")
    if hour > 23 or minute > 59 or second > 60:
        raise _Wrong("hour/min/sec out of range")
    rest = text[8:]
    if rest.startswith("."):
        digits = _leading_digits(rest[1:])
        if not digits:
            raise _Wrong("no digits in second fraction")
        rest = rest[1 + len(digits) :]
    if rest not in ("z", "Z"):
        minutes = hour * 60 + minute + _offset(rest)
        # As the library has it: a time that the offset moves into the next day does not begin anew.
        hour, minute = divmod(minutes + 24 * 60 if minutes < 0 else minutes, 60)
    if second >= 60 and (hour, minute) != (23, 59):
        raise _Wrong("invalid leap second")


def _offset(text: str) -> int:
    """Minutes to add to come to UTC."""
    if byte_length(text) != 6:
        raise _Wrong("offset must be 6 characters long")
    if text[0] not in "+-":
        raise _Wrong("offset must begin with plus/minus")
    if text[3] != ":":
        raise _Wrong("missing colon in offset in correct place")
    hours, minutes = _clock_numbers(text[1:], 1, "hour/min in offset")
    if hours > 23 or minutes > 59:
        raise _Wrong("hour/min in offset out of range")
    return (hours * 60 + minutes) * (-1 if text[0] == "+" else 1)


def _clock_numbers(text: str, colons: int, what: str) -> list[int]:
    numbers = []
    for part in text.split(":", colons):
        if not _INTEGER(part):
            raise _Wrong(f"invalid {what}")
        if int(part) < 0:
            raise _Wrong(f"non-positive {what}")
        numbers.append(int(part))
    return numbers


def _date_time(text: str) -> None:
    if byte_length(text) < 20:
        raise _Wrong("less than 20 characters long")
    if text[10] not in "tT":
        raise _Wrong("11th character must be t or T")
    _named("invalid date element", _date, text[:10])
    _named("invalid time element", _time, text[11:])


def _url(text: str) -> URL:
    url = parse_url(text)
    host = url.hostname()
    if ":" in host:
        if "[" not in url.host or "]" not in url.host:
            raise _Wrong("ipv6 address not enclosed in brackets")
        _named("invalid ipv6 address", _ipv6, host)
    return url


def _uri(text: str) -> None:
    if not _url(text).scheme:
        raise _Wrong("relative url")


def _uri_reference(text: str) -> None:
    if "\\" in text:
        raise _Wrong("contains \\")
    _url(text)


def _uri_template(text: str) -> None:
    url = _url(text)
    for part in url.path.split("/"):
        opened = False
        for bracket in re.findall("[{}]", part):
            if opened == (bracket == "{"):
                raise _Wrong("nested curly braces")
            opened = not opened
        if opened:
            raise _Wrong("no matching closing brace")


def _semver(text: str) -> None:
    text, plus, build = text.partition("+")
    if plus:
        if not build:
            raise _Wrong("build is empty")
        for part in build.split("."):
            if not part:
                raise _Wrong("build identifier is empty")
            _only(part, "0-9a-zA-Z-", "invalid character {} in build identifier")
    text, dash, prerelease = text.partition("-")
    if dash:
        for part in prerelease.split("."):
            if not part:
                raise _Wrong("pre-release identifier is empty")
            _only(part, "0-9a-zA-Z-", "invalid character {} in pre-release identifier")
            if len(part) > 1 and part.startswith("0") and _leading_digits(part) == part:
                raise _Wrong("pre-release numeric identifier starts with zero")
    _version_core(text)


def _version_core(text: str) -> None:
    numbers = text.split(".")
    if len(numbers) != 3:
        raise _Wrong("versionCore must have 3 numbers separated by dot")
    for name, number in zip(("major", "minor", "patch"), numbers, strict=True):
        if not number:
            raise _Wrong(f"{name} is empty")
        if len(number) > 1 and number.startswith("0"):
            raise _Wrong(f"{name} starts with zero")
        if _leading_digits(number) != number:
            raise _Wrong(f"{name} contains non-digit")


def _regex(text: str) -> None:
    compile_pattern(text)


def _named(what: str, check: Callable[[str], None], text: str) -> None:
    try:
        check(text)
    except (_Wrong, AddressError, LayoutError, URLError) as error:
        raise _Wrong(f"{what}: {error}") from error


def _only(text: str, allowed: str, complaint: str) -> None:
    """Every character is of a class, written as in a regular expression."""
    found = re.search(f"[^{allowed}]", text)
    if found:
        raise _Wrong(complaint.format(quote_rune(found[0])))


def _leading_digits(text: str) -> str:
    return text[: len(text) - len(text.lstrip("0123456789"))]


_CHECKS: Final[dict[str, Callable[[str], None]]] = {
    "date": _date,
    "date-time": _date_time,
    "duration": _duration,
    "email": _email,
    "hostname": _hostname,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "iri": _uri,
    "iri-reference": _uri_reference,
    "json-pointer": _pointer,
    "period": _period,
    "regex": _regex,
    "relative-json-pointer": _relative_pointer,
    "semver": _semver,
    "time": _time,
    "uri": _uri,
    "uri-reference": _uri_reference,
    "uri-template": _uri_template,
    "uuid": _uuid,
}
