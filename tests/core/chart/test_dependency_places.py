"""Where dependencies come from, and Helm's words where that cannot be told."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from steersman.core.chart.dependency_places import (
    NotAdded,
    NoVersionFits,
    Place,
    UnknownRepositories,
    check_added,
    constraint_of,
    fits,
    local_path,
    place_of,
    same_url,
    shown,
    with_urls,
)
from steersman.core.chart.errors import ChartError
from steersman.core.chart.metadata import Dependency


class Named(NamedTuple):
    name: str
    url: str


KNOWN = (Named("stable", "https://charts.example.com/stable/"), Named("other", "https://other.example.com"))


def entry(repository: str, name: str = "lib", version: str = "1.0.0") -> Dependency:
    return Dependency(name, version, repository)


@pytest.mark.parametrize(
    ("repository", "place"),
    [
        ("", Place.CHARTS),
        ("file://../lib", Place.FOLDER),
        ("oci://host/charts", Place.REGISTRY),
        ("https://host/charts", Place.REPOSITORY),
        ("@stable", Place.REPOSITORY),
        ("stable", Place.REPOSITORY),
    ],
)
def test_place(repository: str, place: Place) -> None:
    assert place_of(repository) is place


@pytest.mark.parametrize(
    ("repository", "chart", "path"),
    [
        ("file://../lib", "charts/app", "charts/lib"),
        ("file://../lib", ".", "../lib"),
        ("file:///srv/lib/", "app", "/srv/lib"),
        ("file:////srv/lib", "app", "/srv/lib"),
        ("file://sub", "/srv/app", "/srv/app/sub"),
        ("charts/lib", "app", "app/charts/lib"),
    ],
    ids=["beside", "here", "absolute", "two-slashes", "inside", "path-in-chart"],
)
def test_local_path(repository: str, chart: str, path: str) -> None:
    assert local_path(repository, chart) == path


@pytest.mark.parametrize(
    ("repository", "url"),
    [
        ("@stable", "https://charts.example.com/stable/"),
        ("alias:stable", "https://charts.example.com/stable/"),
        ("https://charts.example.com/stable", "https://charts.example.com/stable"),
        ("https://unknown.example.com", "https://unknown.example.com"),
        ("/srv/charts", "/srv/charts"),
        ("file://../lib", "file://../lib"),
        ("oci://host/charts", "oci://host/charts"),
        ("", ""),
    ],
)
def test_aliases_become_urls(repository: str, url: str) -> None:
    assert with_urls([entry(repository)], KNOWN) == (entry(url),)


@pytest.mark.parametrize(
    ("repositories", "message"),
    [
        (["@nope"], "no repository definition for @nope. Please add them via 'helm repo add'"),
        (
            ["alias:x", "@nope", "@stable"],
            "no repository definition for alias:x, @nope. Please add them via 'helm repo add'",
        ),
        (
            ["stable"],
            "no repository definition for stable. Please add them via 'helm repo add'\nNote that repositories must be "
            'URLs or aliases. For example, to refer to the "example"\nrepository, use "https://charts.example.com/" or '
            '"@example" instead of\n"example". Don\'t forget to add the repo, too (\'helm repo add\').',
        ),
    ],
    ids=["alias", "two", "bare-name"],
)
def test_repositories_that_nobody_knows(repositories: list[str], message: str) -> None:
    with pytest.raises(UnknownRepositories) as caught:
        with_urls([entry(repository) for repository in repositories], KNOWN)
    assert caught.value.message == message


def test_a_lock_file_needs_its_repositories_added() -> None:
    check_added([entry("https://other.example.com/"), entry("file://x"), entry("oci://x/y"), entry("")], KNOWN)
    with pytest.raises(NotAdded) as caught:
        check_added([entry("https://a.example.com"), entry("https://b.example.com/x")], KNOWN)
    assert caught.value.message == (
        "no repository definition for https://a.example.com, https://b.example.com/x. Please add the missing repos via "
        "'helm repo add'"
    )
    assert caught.value.hint


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://host/x/", "https://host/x", True),
        ("https://host", "https://host/", True),
        ("https://host//x/../y", "https://host/y", True),
        ("https://host/x", "http://host/x", False),
        ("https://host/x?a=1", "https://host/x", False),
        ("://x", "://x/", True),
        ("https://host", "https://host:port", False),
    ],
)
def test_same_url(one: str, other: str, same: bool) -> None:
    assert same_url(one, other) is same


@pytest.mark.parametrize(
    ("repository", "text"),
    [
        ("https://me:secret@host/x", "https://host/x"),
        ("https://host/x@y", "https://host/x@y"),
        ("@stable", "@stable"),
        ("oci://me@host/x", "oci://host/x"),
    ],
)
def test_passwords_are_not_shown(repository: str, text: str) -> None:
    assert shown(repository) == text
    assert "secret" not in NoVersionFits([entry(repository)]).message + NotAdded([repository]).message


def test_ranges() -> None:
    assert fits(entry("", version="^1.2.0"), "1.9.0")
    assert not fits(entry("", version="^1.2.0"), "2.0.0-rc.1")
    with pytest.raises(ChartError) as caught:
        constraint_of(entry("", version="latest"))
    assert caught.value.message == (
        'dependency "lib" has an invalid version/constraint format: improper constraint: "latest"'
    )


def test_no_version_fits() -> None:
    error = NoVersionFits([entry("oci://host/charts", version="^9"), entry("file://x", "web")])
    assert error.message == (
        'can\'t get a valid version for 2 subchart(s): "lib" (repository "oci://host/charts", version "^9"), '
        '"web" (repository "file://x", version "1.0.0"). Make sure a matching chart version exists in the repo, or '
        "change the version constraint in Chart.yaml"
    )
