"""YAML text → values, as sigs.k8s.io/yaml reads it for Helm: YAML 1.1 by go-yaml v2's rules, then JSON.

Called wherever Helm reads YAML: values files, Chart.yaml, manifests, `fromYaml`. Only the first document of a text
counts. Every error is a YAMLError with the text Helm prints.
"""

from __future__ import annotations

from typing import Any

from steersman.core.golang.types import GoValue, from_bytes
from steersman.core.yaml import direct
from steersman.core.yaml.errors import CONVERTING, UNMARSHALING, YAMLError
from steersman.core.yaml.numbers import NumberRule, written_integer
from steersman.core.yaml.scalars import MAX_INT64, MIN_INT64


def load(text: str | bytes) -> GoValue:
    """The first document as Go's `interface {}` holds it: every number a float64. None where there is no document."""
    return _load(text, float)


def load_map(text: str | bytes) -> dict[str, Any]:
    """`load` into a map: no document and null are an empty one, anything else but a map is an error."""
    value = load(text)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong_kind(value, "map[string]interface {}")
    return value


def load_list(text: str | bytes) -> list[Any]:
    """`load` into a list: no document and null are an empty one, anything else but a list is an error."""
    value = load(text)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong_kind(value, "[]interface {}")
    return value


def load_exact(text: str | bytes) -> Any:
    """The first document as JSON carries it to the API server: integers stay exact, `1.0` is one too."""
    return _load(text, json_number)


def load_strict(text: str | bytes) -> Any:
    """`load_exact`, with duplicate keys as errors."""
    return _load(text, json_number, strict=True)


def _load(text: str | bytes, number: NumberRule, *, strict: bool = False) -> Any:
    if isinstance(text, bytes):
        text = from_bytes(text)
    if not strict:
        try:
            return direct.read(text, number)
        except direct.NotCovered:
            pass
    # The exact path is imported when a document needs it, which few do.
    from steersman.core.yaml.decode import Decoder
    from steersman.core.yaml.nodes import compose

    try:
        root = compose(text)
        return None if root is None else Decoder(number, strict=strict).decode(root)
    except YAMLError as error:
        raise YAMLError(CONVERTING + error.message, line=error.line) from error


def json_number(value: int | float) -> int | float:
    """Go writes a float without a fraction as an integer; the API server reads it as one where int64 can hold it."""
    if isinstance(value, float) and value.is_integer():
        written = written_integer(value)
        return written if MIN_INT64 <= written <= MAX_INT64 else value
    return value


def _wrong_kind(value: Any, target: str) -> YAMLError:
    return YAMLError(f"{UNMARSHALING}json: cannot unmarshal {json_kind(value)} into Go value of type {target}")


def json_kind(value: Any) -> str:
    """What encoding/json calls a value in its errors."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "string"
