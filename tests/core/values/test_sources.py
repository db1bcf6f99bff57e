"""What valuesFrom names: objects decoded, from the API server or out of a file, and what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.spec import ValuesReference
from steersman.core.values.errors import ValuesError, ValuesMissing
from steersman.core.values.layers import release_values
from steersman.core.values.sources import config_data, require_values

REFERENCE = ValuesReference(kind="Secret", name="s", values_key="a")


@pytest.mark.parametrize(
    ("obj", "data"),
    [
        pytest.param(
            {"kind": "ConfigMap", "data": {"a": "é"}, "binaryData": {"b": "AAE="}},
            {"a": "é".encode(), "b": b"\x00\x01"},
            id="config-map",
        ),
        pytest.param({"kind": "Secret", "data": {"a": "eA=="}}, {"a": b"x"}, id="secret"),
        pytest.param(
            {"kind": "Secret", "data": {"a": "eA=="}, "stringData": {"a": "y", "b": "z"}},
            {"a": b"y", "b": b"z"},
            id="string-data-wins",
        ),
        pytest.param({"kind": "ConfigMap", "data": None}, {}, id="empty"),
    ],
)
def test_objects_decoded(obj: dict[str, Any], data: dict[str, bytes]) -> None:
    assert config_data(obj) == data


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        pytest.param({"kind": "ConfigMap", "data": {"a": 1}}, "ConfigMap c: data.a is no text: quote it", id="number"),
        pytest.param({"kind": "Secret", "data": {"a": "s3cret!"}}, "Secret c: data.a is no base64", id="base64"),
        pytest.param({"kind": "Secret", "data": {"a": 1}}, "Secret c: data.a is no base64", id="no-text"),
    ],
)
def test_objects_that_no_api_server_takes(obj: dict[str, Any], message: str) -> None:
    with pytest.raises(ValuesError) as caught:
        config_data({**obj, "metadata": {"name": "c"}})
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(None, "spec.valuesFrom: Secret shop/s does not exist", id="object"),
        pytest.param({"b": b""}, "spec.valuesFrom: Secret shop/s has no key a", id="key"),
    ],
)
def test_what_is_missing(data: dict[str, bytes] | None, message: str) -> None:
    with pytest.raises(ValuesMissing) as caught:
        require_values(REFERENCE, "shop", data)
    assert caught.value.message == message
    require_values(ValuesReference(kind="Secret", name="s", values_key="a", optional=True), "shop", data)


def test_layers_of_a_helm_release() -> None:
    spec = {
        "chart": {"url": "oci://registry.example/charts/shop", "version": "1.x"},
        "values": {"map": {"c": 3}},
        "valuesFrom": [
            {"kind": "ConfigMap", "name": "one"},
            {"kind": "ConfigMap", "name": "absent", "optional": True},
            {"kind": "Secret", "name": "two", "valuesKey": "password", "targetPath": "map.b"},
        ],
    }
    release = HelmRelease.parse({"metadata": {"name": "shop", "namespace": "shop"}, "spec": spec})
    configs = [{"values.yaml": b"map: {a: 1, b: 1, c: 1}"}, None, {"password": b"p"}]
    assert release_values(release, configs) == {"map": {"a": 1.0, "b": "p", "c": 3.0}}
