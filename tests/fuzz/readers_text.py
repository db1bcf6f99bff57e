"""Targets: small languages, versions, durations, dates, URLs, regular expressions, file patterns."""

from __future__ import annotations

from fuzz.strategies import joined, soup, texts_of
from fuzz.target import Target
from hypothesis import strategies as st

from steersman.core.api import duration
from steersman.core.chart.ignore import parse_ignore
from steersman.core.chart.patterns import compile_glob, compile_match
from steersman.core.golang.durations import DurationError, parse_duration
from steersman.core.golang.gotime import UTC, load_location, parse_time
from steersman.core.golang.gourl import URLError, parse_url
from steersman.core.golang.layout_reader import LayoutError
from steersman.core.golang.numbers import NumberRangeError, NumberSyntaxError, parse_float, parse_int, parse_uint
from steersman.core.render.capabilities import parse_kube_version
from steersman.core.semver import Constraint, SemverError, Version
from steersman.core.template.funcs import regex
from steersman.errors import SteersmanError


def _words(text: str) -> tuple[bytes, ...]:
    return tuple(word.encode() for word in text.split("¦"))


_SEMVER_WORDS = _words("v¦1¦.¦1.2.3¦-rc.1¦+b¦*¦x¦X¦||¦,¦ ¦>=¦<¦~¦^¦=¦!=¦ - ¦=>¦~>¦|¦01¦18446744073709551616¦-¦+¦1.2")


def _semver(data: bytes) -> None:
    range_text, version_text = texts_of(data, 2)
    for parse in (Version.parse, Version.parse_strict):
        try:
            parse(version_text)
        except SemverError:
            continue
    try:
        version = Version.parse(version_text)
    except SemverError:
        version = Version(1, 2, 3, "rc.1")
    for bump in (version.next_major, version.next_minor, version.next_patch):
        assert bump() >= Version(version.major, version.minor, version.patch)
    Constraint.parse(range_text).check(version)


_KUBE_WORDS = _words("v¦1¦.¦30¦1.30¦1.30.2-gke.1¦+¦-¦ ¦00¦v1.2.3.4.5¦\n")


def _kube_version(data: bytes) -> None:
    parse_kube_version(texts_of(data, 1)[0])


_DURATION_WORDS = _words("1¦.¦5¦h¦m¦s¦ms¦µs¦us¦ns¦-¦+¦9223372036854775807¦1h30m¦e¦0.0000000000000000001")


def _duration(data: bytes) -> None:
    (text,) = texts_of(data, 1)
    try:
        duration.seconds(text)
    except ValueError as error:
        assert "is no duration" in str(error)
    parse_duration(text)


_NUMBER_WORDS = _words("1¦0x¦0b¦0o¦_¦e¦p¦+¦-¦.¦inf¦nan¦Infinity¦i¦f¦1e400¦0x1p-2¦9223372036854775808")


def _number(data: bytes) -> None:
    (text,) = texts_of(data, 1)
    for parse in (
        parse_float,
        lambda text: parse_int(text, 0),
        parse_int,
        parse_uint,
        lambda text: parse_uint(text, 16),
    ):
        try:
            parse(text)
        except (NumberSyntaxError, NumberRangeError):
            continue


_LAYOUT_WORDS = _words(
    "2006¦01¦02¦15¦04¦05¦Jan¦January¦Mon¦Monday¦_2¦002¦__2¦3¦03¦PM¦pm¦MST¦Z0700¦-07:00¦Z07:00:00¦-07¦.000¦,999¦.¦06¦2024¦29¦Feb"
    "¦12¦CET¦GMT+3¦+01:00¦Z¦ ¦:¦/¦T¦24¦60¦13¦00¦99999¦-¦1"
)


def _layout(data: bytes) -> None:
    layout, text = texts_of(data, 2)
    moment = parse_time(layout, text, _BERLIN)
    for shown in (moment, moment.utc()):
        shown.format(layout)
        shown.text()


_BERLIN = load_location("Europe/Berlin") or UTC

_URL_WORDS = _words("http¦://¦:¦/¦//¦@¦?¦#¦%41¦%¦%zz¦[::1]¦[¦]¦:80¦user¦a.b¦..¦*¦+¦;¦&¦=")


def _url(data: bytes) -> None:
    (text,) = texts_of(data, 1)
    url = parse_url(text)
    str(url)
    url.hostname()


_REGEX_WORDS = _words(
    r"a¦b¦.¦*¦+¦?¦??¦|¦(¦)¦(?:¦(?i)¦(?P<n>¦(?<m>¦[¦]¦^¦$¦{2}¦{2,}¦{1,1000}¦{1001}¦{99999999999}¦\d¦\pL¦\p{Greek}¦\p{^letter}¦[[:alpha:]]¦[^]a]¦\Q¦\E¦\x41"
    r"¦\x{10FFFF}¦\b¦\B¦\A¦\z¦\C¦\1¦(?=a)¦(?!a)¦-¦$1¦${n}¦$n¦$$¦${¦é"
)


def _regex(data: bytes) -> None:
    """Every function, by its `must` form: the others differ in what becomes of the error."""
    pattern, text, replacement = texts_of(data, 3)
    regex.must_regex_match(pattern, text)
    regex.must_regex_find(pattern, text)
    regex.must_regex_find_all(pattern, text, -1)
    regex.must_regex_replace_all(pattern, text, replacement)
    regex.must_regex_replace_all_literal(pattern, text, replacement)
    regex.must_regex_split(pattern, text, -1)


_GLOB_WORDS = _words("*¦**¦?¦[¦]¦[a-z]¦[!a]¦[^a]¦{¦}¦{a,b}¦,¦\\¦/¦a¦b¦é¦-¦!¦#¦\n¦templates/¦.yaml¦.")


def _glob(data: bytes) -> None:
    """Both dialects and `.helmignore`, which is lines of one of them."""
    pattern, name = texts_of(data, 2)
    for read in (compile_glob, lambda text: compile_match(text).fullmatch):
        try:
            read(pattern)(name)
        except SteersmanError:
            continue
    rules = parse_ignore(pattern)
    rules.ignores(name, is_folder=False)
    rules.ignores(name, is_folder=True)


TARGETS = (
    Target("semver", _semver, joined(soup(_SEMVER_WORDS), soup(_SEMVER_WORDS, 6)), _SEMVER_WORDS),
    Target("kube-version", _kube_version, soup(_KUBE_WORDS, 8), _KUBE_WORDS),
    Target("duration", _duration, soup(_DURATION_WORDS, 8), _DURATION_WORDS, (DurationError,)),
    Target("number", _number, soup(_NUMBER_WORDS, 8), _NUMBER_WORDS),
    Target(
        "date-layout", _layout, joined(soup(_LAYOUT_WORDS, 8), soup(_LAYOUT_WORDS, 8)), _LAYOUT_WORDS, (LayoutError,)
    ),
    Target("url", _url, soup(_URL_WORDS), _URL_WORDS, (URLError,)),
    Target("regex", _regex, joined(soup(_REGEX_WORDS, 10), soup(_REGEX_WORDS), soup(_REGEX_WORDS, 4)), _REGEX_WORDS),
    Target("glob", _glob, joined(soup(_GLOB_WORDS, 12), soup(_GLOB_WORDS, 12) | st.just(b"a" * 64)), _GLOB_WORDS),
)
