"""A ChartRepository: a place that charts come from, with the terms of access that HelmReleases which name it share.

`spec` and `status` as typed models, and the object as `controller.repositories` and `controller.terms` see it. What a
HelmRelease says of its own chart is `core.api.chart`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final

import msgspec
from msgspec import Meta

from steersman.core.api import duration, names
from steersman.core.api.access import AccessFields, access_checks
from steersman.core.api.base import ApiStruct, Checked, Rule, check
from steersman.core.api.chart import DEFAULT_CHART_INTERVAL
from steersman.core.api.conditions import Conditions, own_conditions
from steersman.core.api.leaves import Interval, RepositoryUrl, Timeout
from steersman.core.api.parse import read_metadata, read_spec, read_status

DEFAULT_TIMEOUT: Final = 60.0

_CHECKS: tuple[Checked, ...] = access_checks("self.url")


class ChartRepositorySpec(AccessFields, frozen=True, kw_only=True):
    """Where charts are, and how they are reached."""

    rules: ClassVar[tuple[Rule, ...]] = tuple(rule for rule, _ in _CHECKS)

    url: Annotated[
        RepositoryUrl,
        Meta(
            description="Where the repository is: https://host/path that has an index.yaml, or oci://registry/path "
            "that charts are under. http:// needs `insecure`."
        ),
    ]
    interval: Annotated[
        Interval | None,
        Meta(
            description="How often the repository is asked whether it changed; 10m when left out. HelmReleases that "
            "name it follow their versions at this pace, unless they have an interval of their own."
        ),
    ] = None
    timeout: Annotated[
        Timeout | None,
        Meta(description="How long getting the index may take; 1m when left out."),
    ] = None
    suspend: Annotated[
        bool,
        Meta(
            description="Ask the repository nothing until this is false again; Ready is then Unknown. HelmReleases "
            "that name it stay as they are."
        ),
    ] = False

    def __post_init__(self) -> None:
        """The rules once more, for an object that never saw an API server."""
        check(self, _CHECKS)

    @property
    def address(self) -> str:
        """The URL, by the name that the rules know it under."""
        return self.url

    @property
    def is_oci(self) -> bool:
        """Whether it is a path of an OCI registry, which has no index."""
        return self.url.startswith("oci://")

    def interval_seconds(self) -> float:
        """How often the repository is asked."""
        return DEFAULT_CHART_INTERVAL if self.interval is None else duration.seconds(self.interval)

    def timeout_seconds(self) -> float:
        """How long getting the index may take."""
        return DEFAULT_TIMEOUT if self.timeout is None else duration.seconds(self.timeout)


class RepositoryHandled(ApiStruct, frozen=True, kw_only=True):
    """The values of the request annotations that were dealt with."""

    reconcile_at: Annotated[str, Meta(description="Of steersman.dev/reconcile-at.", max_length=253)] = ""


class ChartRepositoryStatus(ApiStruct, frozen=True, kw_only=True):
    """What is true of the repository."""

    observed_generation: Annotated[int, Meta(description="The metadata.generation that the status is about.", ge=0)] = 0
    conditions: Annotated[
        Conditions,
        Meta(
            description="Ready: whether the repository answers on these terms. Reconciling and Stalled beside it.",
            max_length=32,
            extra_json_schema={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        ),
    ] = ()
    url: Annotated[str, Meta(description="The URL that was asked.", max_length=512)] = ""
    charts: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="How many charts the index lists. OCI registries have no index."),
    ] = None
    digest: Annotated[str, Meta(description="Digest of the index.", max_length=128)] = ""
    resolved_at: Annotated[datetime | None, Meta(description="When the index was first seen to be this one.")] = None
    last_handled: Annotated[
        RepositoryHandled | None, Meta(description="The values of the request annotations that were dealt with.")
    ] = None

    @classmethod
    def parse(cls, raw: Any) -> ChartRepositoryStatus:
        """The status as the API has it. What cannot be read counts as empty; conditions are read one by one."""
        return read_status(raw, cls)

    def to_dict(self) -> dict[str, Any]:
        """The status as it is applied: our own conditions only."""
        own = msgspec.structs.replace(self, conditions=own_conditions(self.conditions))
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(own))
        return plain


@dataclass(frozen=True, slots=True)
class ChartRepository:
    """One ChartRepository. `raw` is the object it was read from, for Events."""

    namespace: str
    name: str
    uid: str
    generation: int
    resource_version: str
    annotations: Mapping[str, str]
    spec: ChartRepositorySpec
    status: ChartRepositoryStatus
    raw: dict[str, Any]

    @classmethod
    def parse(cls, obj: dict[str, Any]) -> ChartRepository:
        """The ChartRepository that this object is. Raises SpecError where its spec cannot be read."""
        return cls(
            **read_metadata(obj),
            spec=read_spec(obj.get("spec"), ChartRepositorySpec, "crepo"),
            status=ChartRepositoryStatus.parse(obj.get("status")),
            raw=obj,
        )

    @property
    def asked_at(self) -> str:
        """The value of the annotation that asks for a look now."""
        return self.annotations.get(names.ANNOTATION_RECONCILE_AT, "")
