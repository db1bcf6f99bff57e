"""Versions and ranges as Masterminds/semver 3.5 decides them; generated cases against Helm are in test_recorded."""

from itertools import pairwise

import pytest

from steersman.core.semver import Constraint, SemverError, Version
from steersman.errors import InvalidInput

LARGEST = 2**64 - 1


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("1.2.3", (1, 2, 3, "", ""), id="plain"),
        pytest.param("v1.2", (1, 2, 0, "", ""), id="partial"),
        pytest.param("01", (1, 0, 0, "", ""), id="leading-zero"),
        pytest.param("1.2.3-rc.1+build.7", (1, 2, 3, "rc.1", "build.7"), id="suffixes"),
        pytest.param("1-a", (1, 0, 0, "a", ""), id="partial-prerelease"),
        pytest.param(f"{LARGEST}.0.0", (LARGEST, 0, 0, "", ""), id="largest"),
    ],
)
def test_versions_are_read_loosely(text: str, parts: tuple[int, int, int, str, str]) -> None:
    version = Version.parse(text)
    assert (version.major, version.minor, version.patch, version.prerelease, version.metadata) == parts
    assert version.original == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "invalid semantic version", id="empty"),
        pytest.param("1.2.3.4", "invalid semantic version", id="four-parts"),
        pytest.param("V1", "invalid semantic version", id="capital"),
        pytest.param(" 1.2.3", "invalid semantic version", id="blank"),
        pytest.param("1.2.3\n", "invalid semantic version", id="line-break"),
        pytest.param("١.0.0", "invalid semantic version", id="foreign-digit"),
        pytest.param("1.2.3-01", "version segment starts with 0", id="prerelease-zero"),
        pytest.param(
            f"{LARGEST + 1}.0.0",
            f'error parsing version segment: strconv.ParseUint: parsing "{LARGEST + 1}": value out of range',
            id="too-large",
        ),
        pytest.param("1" * 257, "version string is too long (max 256 bytes)", id="long"),
    ],
)
def test_versions_refused(text: str, message: str) -> None:
    with pytest.raises(SemverError) as caught:
        Version.parse(text)
    assert caught.value.message == message
    assert isinstance(caught.value, InvalidInput)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "version string empty", id="empty"),
        pytest.param("1.2", "invalid semantic version", id="partial"),
        pytest.param("v1.2.3", "invalid characters in version", id="prefix"),
        pytest.param("1.02.3", "version segment starts with 0", id="leading-zero"),
        pytest.param("1..3", 'strconv.ParseUint: parsing "": invalid syntax', id="missing"),
        pytest.param("1.2.3-a..b", "invalid prerelease string", id="prerelease"),
        pytest.param("1.2.3+a_b", "invalid metadata string", id="metadata"),
        pytest.param("1.2.3-", "invalid prerelease string", id="open-prerelease"),
    ],
)
def test_strict_versions_refused(text: str, message: str) -> None:
    with pytest.raises(SemverError) as caught:
        Version.parse_strict(text)
    assert caught.value.message == message


def test_strict_versions_equal_loose_ones() -> None:
    assert Version.parse_strict("1.2.3-rc.1+b") == Version.parse("v1.2.3-rc.1")


def test_order_of_versions() -> None:
    ordered = [
        "0.9.10",
        "1.0.0-1",
        "1.0.0-2",
        "1.0.0-10",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.1",
        "1.10.0",
        "2.0.0",
    ]
    versions = [Version.parse(text) for text in ordered]
    backwards = versions[::-1]
    assert sorted(backwards) == versions
    assert all(lower.compare(higher) == -1 and higher.compare(lower) == 1 for lower, higher in pairwise(versions))


def test_metadata_and_form_do_not_count() -> None:
    assert Version.parse("v1.2+a") == Version.parse("1.2.0+b")
    assert len({Version.parse("v1.2+a"), Version.parse("1.2.0+b")}) == 1
    assert Version.parse("1.2.0+b").compare(Version.parse("1.2")) == 0


def test_next_versions_keep_the_prefix() -> None:
    version = Version.parse("v1.2.3-rc.1+b")
    following = [version.next_patch(), version.next_minor(), version.next_major()]
    assert [str(each) for each in following] == ["1.2.3", "1.3.0", "2.0.0"]
    assert [each.original for each in following] == ["v1.2.3", "v1.3.0", "v2.0.0"]
    assert version.with_prerelease("").with_metadata("x").original == "v1.2.3+x"


@pytest.mark.parametrize(
    ("constraint", "inside", "outside"),
    [
        pytest.param("1.2.3", "1.2.3 v1.2.3+b", "1.2.4 1.2.3-rc", id="exact"),
        pytest.param("=1.2", "1.2.0 1.2.9", "1.3.0 1.1.9", id="partial"),
        pytest.param("1.x", "1.0.0 1.9.9", "2.0.0 1.0.0-rc", id="wildcard"),
        pytest.param("*", "0.0.0 99.0.0", "1.0.0-rc", id="anything"),
        pytest.param("!=1.2.x", "1.3.0 2.2.1", "1.2.0 1.2.7", id="not-partial"),
        pytest.param(">1.2", "1.3.0 2.0.0", "1.2.9 1.2.0", id="more-than-partial"),
        pytest.param("<=1.2", "1.2.9 1.0.0", "1.3.0", id="at-most-partial"),
        pytest.param(">=1.2 <2", "1.2.0 1.9.9", "2.0.0 1.1.0", id="blank-joins"),
        pytest.param(">=1.2, <2 || =3.1.4", "1.5.0 3.1.4", "2.0.0 3.1.5", id="groups"),
        pytest.param("1.2 - 1.4.5", "1.2.0 1.4.5", "1.4.6 1.1.9", id="hyphen"),
        pytest.param("~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2", id="tilde"),
        pytest.param("~>1", "1.0.0 1.9.0", "2.0.0", id="tilde-major"),
        pytest.param("^1.2.3", "1.2.3 1.9.0", "2.0.0 1.2.2", id="caret"),
        pytest.param("^0.2.3", "0.2.3 0.2.9", "0.3.0", id="caret-zero"),
        pytest.param("^0.0.3", "0.0.3", "0.0.4", id="caret-zero-zero"),
        pytest.param("^0", "0.9.9", "1.0.0", id="caret-open"),
        pytest.param(">=1.2-0", "1.2.0-rc 1.3.0-rc 2.0.0", "1.1.9", id="prereleases-named"),
        pytest.param(">=1.2", "1.2.0 2.0.0", "1.3.0-rc 1.30.0-gke.1", id="prereleases-not-named"),
        pytest.param(">=2 || >=1.0-0", "1.5.0-rc 2.0.0-rc", "0.9.0", id="prereleases-by-group"),
    ],
)
def test_ranges(constraint: str, inside: str, outside: str) -> None:
    parsed = Constraint.parse(constraint)
    assert {text: parsed.check(Version.parse(text)) for text in f"{inside} {outside}".split()} == {
        **dict.fromkeys(inside.split(), True),
        **dict.fromkeys(outside.split(), False),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", 'improper constraint: ""', id="empty"),
        pytest.param("nope", 'improper constraint: "nope"', id="words"),
        pytest.param(">=1 || ==2", 'improper constraint: " ==2"', id="group"),
        pytest.param("1.2.3-01", "constraint parser error", id="version"),
        pytest.param("1" * 513, "constraint string is too long (max 512 bytes)", id="long"),
        pytest.param(" || ".join(["1"] * 33), "too many constraint groups (max 32)", id="groups"),
    ],
)
def test_ranges_refused(text: str, message: str) -> None:
    with pytest.raises(SemverError) as caught:
        Constraint.parse(text)
    assert caught.value.message == message
