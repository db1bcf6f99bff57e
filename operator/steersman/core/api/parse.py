"""Reading the objects of our kinds: metadata, and spec and status into typed models.

The API server has checked an object against the CRD, so a spec that cannot be read here means an object from before a
change of the schema, or a file that never saw an API server.
"""

from __future__ import annotations

from typing import Any, TypedDict, TypeVar

import msgspec

from steersman.core.api.base import PATH, ApiStruct
from steersman.core.api.conditions import parse_conditions
from steersman.core.api.schema import rules_at
from steersman.errors import InvalidInput

_SpecT = TypeVar("_SpecT", bound=ApiStruct)
_StatusT = TypeVar("_StatusT", bound=ApiStruct)


class Metadata(TypedDict):
    """What the controller needs of every object's metadata."""

    namespace: str
    name: str
    uid: str
    generation: int
    resource_version: str
    annotations: dict[str, str]


class SpecError(InvalidInput):
    """An object that the schema could not refuse. `path` is the field, as `spec.chart.url`."""

    def __init__(self, message: str, *, path: str = "spec", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path


def read_metadata(obj: dict[str, Any]) -> Metadata:
    """The metadata of an object; what it lacks is empty."""
    metadata = obj.get("metadata") or {}
    return Metadata(
        namespace=metadata.get("namespace") or "",
        name=metadata.get("name") or "",
        uid=metadata.get("uid") or "",
        generation=metadata.get("generation") or 0,
        resource_version=metadata.get("resourceVersion") or "",
        annotations=metadata.get("annotations") or {},
    )


def read_status(raw: Any, type_: type[_StatusT]) -> _StatusT:
    """The status, which has conditions, as its typed model. What cannot be read counts as empty; conditions are read
    one by one."""
    if not isinstance(raw, dict):
        return type_()
    conditions = parse_conditions(raw.get("conditions"))
    try:
        rest = msgspec.convert({**raw, "conditions": []}, type_)
    except msgspec.ValidationError:
        rest = type_()
    return msgspec.structs.replace(rest, conditions=conditions)


def read_spec(raw: Any, type_: type[_SpecT], short_name: str) -> _SpecT:
    """The spec as its typed model. `short_name` is the kind's, for `kubectl explain`. Raises SpecError."""
    try:
        return msgspec.convert(raw, type_)
    except msgspec.ValidationError as error:
        reason, _, where = str(error).partition(" - at `$")
        path = f"spec{where.rstrip('`')}"
        raise SpecError(
            _complaint(reason.replace(PATH, path), path, type_),
            path=path,
            hint=f"correct the field; `kubectl explain {short_name}.spec` describes it",
        ) from error


def _complaint(reason: str, path: str, type_: type[ApiStruct]) -> str:
    """What the API server would say, where it has a rule for the field; else msgspec's reason after the path."""
    rules = rules_at(type_, path) if "matching regex" in reason else ()
    if rules:
        return rules[0]["message"]
    return reason if reason.startswith("spec.") else f"{path}: {reason}"
