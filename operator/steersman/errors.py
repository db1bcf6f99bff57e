"""The root of every error this package raises on purpose.

The tree (each leaf lives beside the code that raises it and carries fields, not only text):

    SteersmanError
    ├── InvalidInput            the user's input is wrong; the same input fails again
    │   ├── SpecError           a HelmRelease that the schema could not refuse (core.api)
    │   ├── ChartError          an archive or Chart.yaml that is no chart (core.chart)
    │   ├── ValuesError         values that are no map, a missing values object, a schema verdict (core.values)
    │   ├── YAMLError           text that is no YAML (core.yaml)
    │   ├── TemplateError       a template that does not parse or fails (core.template)
    │   ├── ManifestError       rendered text that is no Kubernetes object (core.manifest)
    │   └── RenderLimitExceeded a render that took too much time, memory or output (rendering)
    ├── SourceError             a chart that could not be had (registry)
    │   ├── DigestMismatch      bytes other than the pinned ones
    │   └── RegistryUnavailable worth another try
    ├── RendererError           the renderer process failed, not the chart (rendering)
    ├── ClusterError            an answer of the API server (kube.errors)
    │   ├── FieldConflictError  another field manager owns the field
    │   ├── StaleObjectError    changed since it was read
    │   ├── NotJudged           a webhook cannot be asked: not now, or not in a dry run
    │   └── AbsentError         not there
    └── StorageError            release records or inventories that cannot be read or written (storage)
        └── RecordUnreadable    a record that is no release: damaged, or changed by hand

Foreign errors (aiohttp, oras, yaml…) become one of these at the edge that met them, with `raise … from`. `retryable`
tells the caller what it can do: try the same thing again later, or give up until something changes.
"""

from __future__ import annotations

from typing import ClassVar


class SteersmanError(Exception):
    """Base of all errors raised on purpose.

    `message` is what a user reads in `.status` or on a terminal: what went wrong and where. `hint` is what to do next
    (may be empty). `retryable` is True where the same attempt may succeed later without a change of input; `transient`
    where that is because something outside answered badly, and is no failed attempt. `reason` is
    the word of the reasons table (`core.api.reasons`) that a condition shows for it; "" leaves it to the base class.
    """

    retryable: ClassVar[bool] = False
    transient: ClassVar[bool] = False
    reason: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class InvalidInput(SteersmanError):
    """What the user gave is wrong; trying again with the same input cannot help."""

    reason = "InvalidSpec"


class SourceError(SteersmanError):
    """A chart could not be fetched or is not what was asked for."""

    reason = "SourceNotReady"


class ClusterError(SteersmanError):
    """The API server refused or could not be reached."""

    reason = "Unreachable"


class FieldConflictError(ClusterError):
    """Another field manager owns a field that an apply without force would change."""

    reason = "Conflict"

    def summary(self) -> str:
        """The fields and who owns them, for people."""
        return self.message


class StaleObjectError(ClusterError):
    """The object was changed, or deleted and made again, since it was read: read it and try again."""

    retryable = True
    transient = True


class NotJudged(ClusterError):
    """A webhook stands between the request and its verdict: it does not answer, or takes no part in dry runs."""


class AbsentError(ClusterError):
    """What the request names does not exist (the object, or the namespace it would be in)."""


class StorageError(SteersmanError):
    """A release record or an inventory could not be read or written."""

    reason = "PendingRelease"
