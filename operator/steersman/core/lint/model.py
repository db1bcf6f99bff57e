"""What the checks take and what they give."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

from steersman.core.chart.errors import ChartError
from steersman.core.chart.model import Chart

OURS = "steersman"


class Severity(IntEnum):
    """How bad a finding is. ERROR fails a lint, with `--strict` WARNING does too."""

    INFO = 1
    WARNING = 2
    ERROR = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One complaint: where, what, and which of our checks found it ("" for a rule of Helm)."""

    severity: Severity
    path: str
    message: str
    check: str = ""

    def __str__(self) -> str:
        """The line of the report; ours end in the name of the check, Helm's are as Helm prints them."""
        text = f"[{self.severity.name}] {self.path}: {self.message}"
        return f"{text} [{OURS}/{self.check}]" if self.check else text


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that is there but cannot be read: the operating system's words, and whether it is a folder."""

    problem: str
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class ChartFolder:
    """A chart as it lies in a folder.

    `path` is how messages name it. `chart_yaml`, `values_yaml` and `schema` are the bare files, whatever `.helmignore`
    says; `templates` and `crds` tell what is there under these names. `chart` is the chart loaded, or why it cannot be.
    """

    path: str
    chart_yaml: bytes | Unreadable
    values_yaml: bytes | Unreadable | None
    schema: bytes
    templates: Literal["file", "folder"] | None
    crds: Literal["file", "folder"] | None
    chart: Chart | ChartError


@dataclass(frozen=True, slots=True)
class LintRequest:
    """How to lint. `values` are the user's; `kube_version` is "" where the user named none; `allow_jinja` as for a
    render."""

    values: dict[str, Any]
    namespace: str = "default"
    kube_version: str = ""
    skip_schema: bool = False
    only_helm: bool = False
    allow_jinja: bool = False
