"""Reading ChartRepositories: defaults, refusals that name the field, a status that may be anything."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from steersman.core.api.chartrepository import ChartRepository, ChartRepositorySpec, ChartRepositoryStatus
from steersman.core.api.conditions import Condition, ConditionType
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.parse import SpecError
from steersman.core.api.schema import unknown_fields
from steersman.core.api.spec import HelmReleaseSpec

URL = "https://charts.example/stable"
MOMENT = "2026-01-01T00:00:00Z"


def repository(spec: Any, **more: Any) -> ChartRepository:
    return ChartRepository.parse({"metadata": {"name": "stable", "namespace": "team"}, "spec": spec, **more})


def test_what_is_left_out_has_the_documented_meaning() -> None:
    spec = repository({"url": URL}).spec
    assert (spec.interval_seconds(), spec.timeout_seconds(), spec.suspend) == (600, 60, False)
    assert (spec.insecure, spec.pass_credentials, spec.provider, spec.has_terms) == (False, False, "generic", False)


def test_times_and_kind_of_repository() -> None:
    spec = repository({"url": "oci://h/a", "interval": "1m", "timeout": "2s", "minTLSVersion": "1.3"}).spec
    assert (spec.interval_seconds(), spec.timeout_seconds(), spec.is_oci, spec.has_terms) == (60, 2, True, True)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param(None, "spec: Expected `object`, got `null`", id="no spec"),
        pytest.param({}, "spec: Object missing required field `url`", id="no url"),
        pytest.param({"url": "ftp://h"}, "spec.url must be https://host/path", id="a pattern"),
        pytest.param({"url": "http://h"}, "spec.insecure must be true for http://", id="plain HTTP"),
        pytest.param({"url": URL, "insecure": True}, "spec.insecure means plain HTTP", id="insecure TLS"),
        pytest.param({"url": URL, "provider": "gcp"}, "spec.provider of a cloud is for its OCI registry", id="cloud"),
        pytest.param(
            {"url": URL, "verify": {"provider": "cosign", "secretRef": {"name": "k"}}},
            "spec.verify.provider cosign is for OCI registries",
            id="cosign by HTTP",
        ),
        pytest.param(
            {"url": URL, "verify": {"provider": "provenance"}},
            "spec.verify.secretRef must name the Secret with the keyring",
            id="no keyring",
        ),
    ],
)
def test_a_spec_that_cannot_be_read_names_the_field(spec: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        repository(spec)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize("status", [None, 1, {"charts": "many"}, {"conditions": [{"type": "Ready"}]}])
def test_a_status_that_cannot_be_read_is_empty(status: Any) -> None:
    assert repository({"url": URL}, status=status).status == ChartRepositoryStatus()


def test_only_our_conditions_are_applied() -> None:
    def condition(type_: str) -> dict[str, str]:
        return {"type": type_, "status": "True", "reason": "A", "message": "", "lastTransitionTime": MOMENT}

    status = repository({"url": URL}, status={"conditions": [condition("Ready"), condition("Foreign")]}).status
    assert [each.type for each in status.conditions] == ["Ready", "Foreign"]
    assert [each["type"] for each in status.to_dict()["conditions"]] == [ConditionType.READY]
    assert isinstance(status.conditions[0], Condition)


def test_the_sample_is_as_the_schema_says() -> None:
    path = Path(__file__).resolve().parents[3] / "deploy" / "samples" / "chartrepository.yaml"
    repository, release = yaml.safe_load_all(path.read_text())
    assert unknown_fields(ChartRepositorySpec, repository["spec"], "spec") == []
    assert unknown_fields(HelmReleaseSpec, release["spec"], "spec") == []
    assert HelmRelease.parse(release).spec.chart.repository_name == ChartRepository.parse(repository).name
