"""`spec` of a HelmRelease, as typed models: what a user may write, what it means, and what it is when left out.

Names and values follow Flux's HelmRelease v2 where the meaning is the same. The CRD's schema is generated from these
types (`core.api.schema`), so the texts here are what `kubectl explain` shows. Only leaf enums and booleans have schema
defaults; times and counts left out are resolved here, by methods, and so can change with a version of ours without
rewriting stored objects. Parsing is `core.api.helmrelease`'s; nothing here asks the cluster.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

from steersman.core.api import duration
from steersman.core.api.base import ApiStruct, Rule
from steersman.core.api.chart import ChartSpec
from steersman.core.api.leaves import (
    DataKey,
    Interval,
    Name,
    Namespace,
    ReleaseName,
    TargetPath,
    Timeout,
)

DEFAULT_INTERVAL: Final = 3600.0
DEFAULT_TIMEOUT: Final = 300.0
DEFAULT_MAX_HISTORY: Final = 5
DEFAULT_VALUES_KEY: Final = "values.yaml"

CrdPolicy = Literal["Create", "Skip", "CreateReplace"]
OnFailure = Literal["Retry", "Stop"]
Conflicts = Literal["Force", "Fail"]
DeletionPolicy = Literal["Delete", "Orphan"]
UninstallFailure = Literal["Block", "Orphan"]
Propagation = Literal["background", "foreground", "orphan"]


class ValuesReference(ApiStruct, frozen=True, kw_only=True):
    """Values from a ConfigMap or Secret in the HelmRelease's namespace."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!self.literal || has(self.targetPath)",
            "spec.valuesFrom[].literal only works with targetPath: set targetPath, or remove literal",
            ".literal",
        ),
    )

    kind: Annotated[Literal["ConfigMap", "Secret"], Meta(description="Kind of the object that holds the values.")]
    name: Annotated[Name, Meta(description="Name of that object.")]
    values_key: Annotated[
        DataKey | None,
        Meta(
            description="Key whose text is the values (YAML), or the one value where targetPath is set; "
            "`values.yaml` when left out.",
        ),
    ] = None
    target_path: Annotated[
        TargetPath | None,
        Meta(
            description="Where the value goes, in the syntax of `helm --set` (`a.b[0].c`). Without it the text is "
            "merged as a values file.",
        ),
    ] = None
    optional: Annotated[
        bool,
        Meta(description="Go on without it where the object or the key does not exist."),
    ] = False
    literal: Annotated[
        bool,
        Meta(description="With targetPath: take the text as one string, as `helm --set-literal` does."),
    ] = False

    def __post_init__(self) -> None:
        """The rule once more, for a HelmRelease that never saw an API server."""
        if self.literal and self.target_path is None:
            raise ValueError(self.rules[0].message)

    @property
    def key(self) -> str:
        """The key to read."""
        return self.values_key or DEFAULT_VALUES_KEY


class ApplySpec(ApiStruct, frozen=True, kw_only=True):
    """How objects are applied."""

    conflicts: Annotated[
        Conflicts,
        Meta(
            description="What to do where another field manager owns a field with another value. Force: take the "
            "field (only on objects known to be this release's) and say so once. Fail: stop, naming the "
            "field and its owner.",
        ),
    ] = "Force"


class InstallSpec(ApiStruct, frozen=True, kw_only=True):
    """How the release is installed."""

    timeout: Annotated[
        Timeout | None,
        Meta(description="How long each hook and the wait for health may take; spec.timeout when left out."),
    ] = None
    crds: Annotated[
        CrdPolicy,
        Meta(
            description="What to do with the chart's crds/ before installing. Create: create those that do not "
            "exist. Skip: nothing. CreateReplace: create, and bring existing ones to the chart's state.",
        ),
    ] = "Create"
    create_namespace: Annotated[
        bool,
        Meta(description="Create the target namespace where it does not exist. It is never deleted by us."),
    ] = False
    disable_hooks: Annotated[bool, Meta(description="Do not run the chart's install hooks.")] = False
    disable_wait: Annotated[bool, Meta(description="Do not wait until the objects are healthy.")] = False
    disable_wait_for_jobs: Annotated[
        bool, Meta(description="Do not wait until Jobs are complete; a running one is healthy.")
    ] = False
    on_failure: Annotated[
        OnFailure,
        Meta(
            description="After a failed install. Retry: try again, after growing pauses, for as long as it takes. "
            "Stop: wait for a change of the spec. Nothing is ever uninstalled unasked.",
        ),
    ] = "Retry"
    retry_interval: Annotated[
        Interval | None,
        Meta(description="A fixed pause between attempts, in place of growing ones."),
    ] = None


class UpgradeSpec(ApiStruct, frozen=True, kw_only=True):
    """How the release is upgraded."""

    timeout: Annotated[
        Timeout | None,
        Meta(description="How long each hook and the wait for health may take; spec.timeout when left out."),
    ] = None
    crds: Annotated[
        CrdPolicy,
        Meta(
            description="What to do with the chart's crds/ before upgrading. Skip: nothing, as Helm. Create: create "
            "those that do not exist. CreateReplace: create, and bring existing ones to the chart's state.",
        ),
    ] = "Skip"
    disable_hooks: Annotated[bool, Meta(description="Do not run the chart's upgrade hooks.")] = False
    disable_wait: Annotated[bool, Meta(description="Do not wait until the objects are healthy.")] = False
    disable_wait_for_jobs: Annotated[
        bool, Meta(description="Do not wait until Jobs are complete; a running one is healthy.")
    ] = False
    on_failure: Annotated[
        OnFailure,
        Meta(
            description="After a failed upgrade. Retry: try again, after growing pauses, for as long as it takes. "
            "Stop: wait for a change of the spec.",
        ),
    ] = "Retry"
    retry_interval: Annotated[
        Interval | None,
        Meta(description="A fixed pause between attempts, in place of growing ones."),
    ] = None


class UninstallSpec(ApiStruct, frozen=True, kw_only=True):
    """How the release is uninstalled when the HelmRelease is deleted."""

    timeout: Annotated[
        Timeout | None,
        Meta(description="How long each hook and the deletion may take; spec.timeout when left out."),
    ] = None
    on_failure: Annotated[
        UninstallFailure,
        Meta(
            description="Where uninstalling fails. Block: keep the HelmRelease and try again. Orphan: let it go and "
            "leave what could not be deleted.",
        ),
    ] = "Block"
    keep_history: Annotated[
        bool, Meta(description="Keep the release records, marked uninstalled, as `helm uninstall --keep-history`.")
    ] = False
    deletion_propagation: Annotated[
        Propagation,
        Meta(description="How dependents of the deleted objects go: background, foreground, or orphan (they stay)."),
    ] = "background"
    disable_hooks: Annotated[bool, Meta(description="Do not run the chart's delete hooks.")] = False
    disable_wait: Annotated[bool, Meta(description="Do not wait until the objects are gone.")] = False


class HelmReleaseSpec(ApiStruct, frozen=True, kw_only=True):
    """What is to be installed, and how it is kept."""

    rules: ClassVar[tuple[Rule, ...]] = tuple(
        Rule(
            f"has(self.{name}) == has(oldSelf.{name}) && (!has(self.{name}) || self.{name} == oldSelf.{name})",
            f"spec.{name} cannot be changed, added or removed: it says where the release is. Put it back; to move the "
            "release, create another HelmRelease and delete this one",
            f".{name}",
        )
        for name in ("releaseName", "targetNamespace", "storageNamespace")
    )

    chart: Annotated[ChartSpec, Meta(description="Which chart, from where.")]
    release_name: Annotated[
        ReleaseName | None,
        Meta(
            description="Name of the Helm release; the HelmRelease's own name when left out. Immutable.",
        ),
    ] = None
    target_namespace: Annotated[
        Namespace | None,
        Meta(description="Namespace the release is installed into; the HelmRelease's own when left out. Immutable."),
    ] = None
    storage_namespace: Annotated[
        Namespace | None,
        Meta(
            description="Namespace of the release records; the target namespace when left out, where `helm -n` finds "
            "them. Immutable.",
        ),
    ] = None
    values: Annotated[
        dict[str, Any],
        Meta(
            description="Values for the chart. They win over valuesFrom.",
            extra_json_schema={"x-kubernetes-preserve-unknown-fields": True},
        ),
    ] = msgspec.field(default_factory=dict)
    values_from: Annotated[
        tuple[ValuesReference, ...],
        Meta(
            description="Values from ConfigMaps and Secrets, merged in this order, then `values` over them.",
            max_length=32,
            extra_json_schema={"x-kubernetes-list-type": "atomic"},
        ),
    ] = ()
    interval: Annotated[
        Interval | None,
        Meta(
            description="How often the release is judged again though nothing was seen to change; 1h when left out. "
            "It costs no request unless something moved.",
        ),
    ] = None
    timeout: Annotated[
        Timeout | None,
        Meta(description="How long each hook and each wait of an action may take; 5m when left out."),
    ] = None
    suspend: Annotated[
        bool,
        Meta(
            description="Leave the release alone until this is false again. Deleted while suspended, it is not "
            "uninstalled.",
        ),
    ] = False
    max_history: Annotated[
        Annotated[int, Meta(ge=0, le=1000)] | None,
        Meta(description="How many revisions are kept; 5 when left out, 0 keeps all."),
    ] = None
    apply: Annotated[ApplySpec, Meta(description="How objects are applied.")] = ApplySpec()
    install: Annotated[InstallSpec, Meta(description="How the release is installed.")] = InstallSpec()
    upgrade: Annotated[UpgradeSpec, Meta(description="How the release is upgraded.")] = UpgradeSpec()
    uninstall: Annotated[
        UninstallSpec, Meta(description="How the release is uninstalled when the HelmRelease is deleted.")
    ] = UninstallSpec()
    fail_fast: Annotated[
        bool,
        Meta(
            description="End a wait at the first object that failed. Otherwise the others are waited for and all "
            "failures are told together.",
        ),
    ] = False
    deletion_policy: Annotated[
        DeletionPolicy,
        Meta(
            description="What deleting the HelmRelease does. Delete: uninstall the release. Orphan: leave everything "
            "as it is. May still be changed while the HelmRelease is being deleted.",
        ),
    ] = "Delete"

    def interval_seconds(self) -> float:
        """How often to judge the release again."""
        return _seconds(self.interval, DEFAULT_INTERVAL)

    def install_timeout(self) -> float:
        """Seconds for each hook and the wait of an install."""
        return self._timeout(self.install.timeout)

    def upgrade_timeout(self) -> float:
        """Seconds for each hook and the wait of an upgrade."""
        return self._timeout(self.upgrade.timeout)

    def uninstall_timeout(self) -> float:
        """Seconds for each hook and the deletion of an uninstall."""
        return self._timeout(self.uninstall.timeout)

    def install_retry_interval(self) -> float | None:
        """The fixed pause between attempts to install, None for growing ones."""
        return _optional_seconds(self.install.retry_interval)

    def upgrade_retry_interval(self) -> float | None:
        """The fixed pause between attempts to upgrade, None for growing ones."""
        return _optional_seconds(self.upgrade.retry_interval)

    def history_limit(self) -> int:
        """How many revisions to keep; 0 means all."""
        return DEFAULT_MAX_HISTORY if self.max_history is None else self.max_history

    def _timeout(self, own: str | None) -> float:
        return _seconds(own, _seconds(self.timeout, DEFAULT_TIMEOUT))


def _seconds(text: str | None, default: float) -> float:
    return default if text is None else duration.seconds(text)


def _optional_seconds(text: str | None) -> float | None:
    return None if text is None else duration.seconds(text)
