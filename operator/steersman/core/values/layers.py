"""Values of a HelmRelease, layer by layer: each object of valuesFrom, then `spec.values` over them.

Called by the controller and by `steersman template`, which read the objects. Rules are those Flux documents for
valuesFrom: a text is a values file, or with `targetPath` one value in the syntax of `helm --set`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from steersman.core.api.helmrelease import HelmRelease
from steersman.core.chart.documents import load_values
from steersman.core.chart.errors import ChartError
from steersman.core.golang.types import from_bytes
from steersman.core.values.errors import ValuesError
from steersman.core.values.merge import deep_copy, merge_layers
from steersman.core.values.set_syntax import set_literal, set_values


def release_values(release: HelmRelease, configs: Sequence[Mapping[str, bytes] | None]) -> dict[str, Any]:
    """The values of a HelmRelease. `configs` are the decoded data of the objects of valuesFrom, in its order, None for
    those that do not exist; `sources.require_values` has judged them. Raises ValuesError."""
    values: dict[str, Any] = {}
    for ref, data in zip(release.spec.values_from, configs, strict=True):
        if data is not None and ref.key in data:
            where = f"{ref.kind} {release.namespace}/{ref.name}, key {ref.key}"
            values = add_layer(values, data[ref.key], where=where, target_path=ref.target_path, literal=ref.literal)
    return merge_layers([values, as_values(release.spec.values)])


def add_layer(
    values: dict[str, Any], data: bytes, *, where: str, target_path: str | None = None, literal: bool = False
) -> dict[str, Any]:
    """The values with one source over them. Raises ValuesError, which says where but never shows a value."""
    if target_path is None:
        try:
            return merge_layers([values, load_values(data)])
        except ChartError as error:
            raise ValuesError(
                f"spec.valuesFrom: {where} holds no values", hint="its text must be a YAML map"
            ) from error
    changed: dict[str, Any] = deep_copy(values)
    text = from_bytes(data)
    try:
        if literal:
            set_literal(changed, f"{target_path}={text}")
        else:
            set_values(changed, f"{target_path}={text}")
    except ValuesError as error:
        raise ValuesError(
            f"spec.valuesFrom: {where} cannot be set at targetPath {target_path}",
            hint="the path must lead through maps; with `literal: true` the text is taken as it is",
        ) from error
    return changed


def as_values(spec_values: Any) -> Any:
    """Values out of a HelmRelease as a values file would give them: every number is a float64."""
    match spec_values:
        case dict():
            return {key: as_values(item) for key, item in spec_values.items()}
        case list():
            return [as_values(item) for item in spec_values]
        case bool():
            return spec_values
        case int():
            return float(spec_values)
        case _:
            return spec_values
