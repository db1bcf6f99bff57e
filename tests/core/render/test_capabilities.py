"""What Helm assumes of a cluster, and how Kubernetes versions are read."""

import pytest

from steersman.core.golang.format import display, sprint
from steersman.core.golang.gojson import encode
from steersman.core.golang.gotoml import dump_toml
from steersman.core.render.capabilities import (
    DEFAULT_API_VERSIONS,
    BuildInfo,
    CapabilitiesObject,
    default_capabilities,
    parse_kube_version,
)
from steersman.core.render.errors import KubeVersionError

NINES = "9" * 5000


def test_the_default_api_versions() -> None:
    assert len(DEFAULT_API_VERSIONS) == 57
    assert DEFAULT_API_VERSIONS[:2] == ("v1", "admissionregistration.k8s.io/v1")
    assert DEFAULT_API_VERSIONS[-1] == "apiextensions.k8s.io/v1"


def test_further_api_versions_are_appended() -> None:
    assert default_capabilities(api_versions=("a/v1",)).api_versions[-1] == "a/v1"


@pytest.mark.parametrize(
    ("text", "version", "normalized", "minor"),
    [
        pytest.param("1.30.2-gke.1", "v1.30.2-gke.1", "v1.30.2", "30", id="provider"),
        pytest.param("v1.29", "v1.29", "v1.29", "29", id="short"),
        pytest.param("v1.30.1+k3s1", "v1.30.1+k3s1", "v1.30.1", "30", id="build"),
    ],
)
def test_versions(text: str, version: str, normalized: str, minor: str) -> None:
    parsed = parse_kube_version(text)
    assert (parsed.Version, parsed.text(), parsed.Major, parsed.Minor) == (version, normalized, "1", minor)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("bad", 'could not parse "bad" as version', id="text"),
        pytest.param("1", 'illegal version string "1"', id="major-only"),
        pytest.param("01.2", 'illegal zero-prefixed version component "01" in "01.2"', id="zero"),
        pytest.param(
            f"1.{'9' * 5000}",
            f'illegal non-numeric version component "{"9" * 5000}" in "1.{"9" * 5000}": '
            f'strconv.ParseUint: parsing "{"9" * 5000}": value out of range',
            id="thousands-of-digits",
        ),
    ],
)
def test_what_is_no_version(text: str, message: str) -> None:
    with pytest.raises(KubeVersionError) as caught:
        parse_kube_version(text)
    assert caught.value.message == message


def test_encoders_see_the_json_names_of_the_build_information() -> None:
    assert encode(BuildInfo()) == '{"version":"v4.3","go_version":"go1.26","kube_client_version":"v1.37"}'


def test_a_deep_copy_keeps_exported_fields_only() -> None:
    copy = CapabilitiesObject(default_capabilities("v1.30.2-gke.1")).deep_copy()
    assert sprint([copy.KubeVersion]) == "{v1.30.2-gke.1  1 30}"
    assert display(copy.KubeVersion) == "v1.30.2-gke.1"


def test_an_inline_table_counts_the_unexported_field() -> None:
    toml = dump_toml({"a": [parse_kube_version("1.30"), 1]})
    assert toml == 'a = [{Version = "v1.30", Major = "1"Minor = "30", }, 1]\n'
