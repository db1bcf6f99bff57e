"""What of an object is sent in an apply."""

from typing import Any

import pytest
import yaml

from steersman.kube.intent import as_sent, contains, encode, without_identity

SERVER = {
    "creationTimestamp": None,
    "generation": 3,
    "managedFields": [{"manager": "x"}],
    "selfLink": "/x",
}


def test_what_the_server_writes_is_left_out_and_preconditions_stay() -> None:
    obj = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "uid": "u", "resourceVersion": "7", "labels": {"x": "y"}, **SERVER},
        "status": {"phase": "Active"},
    }
    sent = as_sent(obj)
    assert sent["metadata"] == {"name": "a", "uid": "u", "resourceVersion": "7", "labels": {"x": "y"}}
    assert "status" not in sent
    assert "managedFields" in obj["metadata"], "the object given is left alone"


def secret(**rest: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **rest}


SECRETS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "encoded": (secret(stringData={"a": "é"}), secret(data={"a": "w6k="})),
    "wins over data": (
        secret(data={"a": "MQ==", "b": "Mg=="}, stringData={"a": "3"}),
        secret(data={"a": "Mw==", "b": "Mg=="}),
    ),
    "empty": (secret(data={"a": "MQ=="}, stringData={}), secret(data={"a": "MQ=="})),
    "null": (secret(data=None, stringData=None), secret(data={})),
    "no string": (secret(stringData={"a": 1}), secret(stringData={"a": 1})),
    "none": (secret(data={"a": "MQ=="}), secret(data={"a": "MQ=="})),
}


@pytest.mark.parametrize(("given", "expected"), SECRETS.values(), ids=SECRETS.keys())
def test_string_data(given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert as_sent(given) == expected


def test_another_kind_called_secret_keeps_its_string_data() -> None:
    other = {"apiVersion": "example.com/v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "b"}}
    assert as_sent(other) == other


def test_rendered_documents_lose_the_identity_they_were_exported_with() -> None:
    obj = {"metadata": {"name": "a", "uid": "u", "resourceVersion": "1"}}
    assert without_identity(obj) == {"metadata": {"name": "a"}}
    plain = {"metadata": {"name": "a"}}
    assert without_identity(plain) is plain


CONTAINS: dict[str, tuple[Any, Any, bool]] = {
    "more keys": ({"a": 1, "b": 2}, {"a": 1}, True),
    "a missing key": ({"a": 1}, {"b": 1}, False),
    "another value": ({"a": 1}, {"a": 2}, False),
    "deeper": ({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": 1}}}, True),
    "lists are whole": ({"a": [1, 2]}, {"a": [1]}, False),
    "a map for a text": ({"a": {}}, {"a": "x"}, False),
}


@pytest.mark.parametrize(("live", "intent", "expected"), CONTAINS.values(), ids=CONTAINS.keys())
def test_contains(live: Any, intent: Any, expected: bool) -> None:
    assert contains(live, intent) is expected


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "ключ 🚢",
        'a "quote" \\ /',
        "line\nbreak\ttab",
        "\x00\x1b\x7f\x80\x9f",
        "\x85\u2028\u2029",
        "\ufeff\ufffe\uffff",
    ],
    ids=ascii,
)
def test_bodies_mean_the_same_as_json_and_as_yaml(text: str) -> None:
    body = encode({"data": {text: text}})
    assert yaml.safe_load(body) == {"data": {text: text}}
    assert b"\\ud8" not in body.lower(), "YAML knows no surrogate pairs"
