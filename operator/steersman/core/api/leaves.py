"""The kinds of text that fields of our kinds hold: pattern, bounds, and what a wrong one is told."""

from __future__ import annotations

from typing import Annotated

from steersman.core.api import duration
from steersman.core.api.base import Rule, text

_DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_DNS_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"

_HOST = r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?"
_OCI_PATH = r"(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)"
_HTTP_PATH = r"(/[^\s/?#]*)*"
_CHART_URL = rf"^(oci://{_HOST}{_OCI_PATH}+|https?://{_HOST}{_HTTP_PATH}/[^\s/?#]+\.tgz)$"
_REPOSITORY_URL = rf"^(oci://{_HOST}{_OCI_PATH}*/?|https?://{_HOST}{_HTTP_PATH})$"
_REGEXP_RULE = Rule("''.matches(self) || !''.matches(self)", "must be a regular expression in RE2's syntax")


def _at_least(bound: str, message: str) -> Rule:
    """A bound of a duration. A text that is none has its own message and gets no second one."""
    return Rule(f"!self.matches(r'{duration.PATTERN}') || duration(self) >= duration('{bound}')", message)


def _at_most(bound: str, message: str) -> Rule:
    return Rule(f"!self.matches(r'{duration.PATTERN}') || duration(self) <= duration('{bound}')", message)


Name = Annotated[
    str,
    text(
        pattern=_DNS_SUBDOMAIN,
        message="must be an object's name: lower case letters, digits, `-` and `.`",
        max_length=253,
    ),
]
Namespace = Annotated[
    str,
    text(
        pattern=_DNS_LABEL,
        message="must be a namespace's name: lower case letters, digits and `-`",
        max_length=63,
    ),
]
ReleaseName = Annotated[
    str,
    text(
        pattern=_DNS_SUBDOMAIN,
        message="must be a Helm release name: lower case letters, digits, `-` and `.`",
        max_length=53,
    ),
]
ChartUrl = Annotated[
    str,
    text(
        pattern=_CHART_URL,
        message="must be oci://registry.example/path/chart in lower case, without tag or digest (put those into "
        "spec.chart.version and spec.chart.digest), or https://….tgz without user, query and fragment; for a "
        "repository with an index.yaml set spec.chart.repository.url and spec.chart.name",
        max_length=512,
    ),
]
RepositoryUrl = Annotated[
    str,
    text(
        pattern=_REPOSITORY_URL,
        message="must be https://host/path of a repository with an index.yaml, or oci://registry.example/path in lower "
        "case that charts are under, without user, query and fragment: credentials belong into a Secret",
        max_length=512,
    ),
]
ChartName = Annotated[
    str,
    text(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$",
        message="must be the name of a chart, as its repository has it: letters, digits, `-`, `_` and `.`",
        max_length=253,
    ),
]
Digest = Annotated[
    str,
    text(
        pattern=r"^sha256:[0-9a-f]{64}$",
        message="must be sha256: and 64 hexadecimal digits in lower case",
        max_length=71,
    ),
]
VersionRange = Annotated[
    str,
    text(
        pattern=r"[^\s]",
        message="must not be blank: write a version like 1.2.3 or a range like 1.x",
        max_length=256,
    ),
]
VersionFilter = Annotated[
    str,
    text(
        pattern=r".",
        message="must not be empty: write a regular expression, or remove the field",
        max_length=256,
        rules=(_REGEXP_RULE,),
    ),
]
Pattern = Annotated[
    str,
    text(
        pattern=r".",
        message="must not be empty: write a regular expression like ^https://issuer\\.example$",
        max_length=512,
        rules=(_REGEXP_RULE,),
    ),
]
DataKey = Annotated[
    str,
    text(
        pattern=r"^[-._a-zA-Z0-9]+$",
        message="must be a key of a ConfigMap or Secret: letters, digits, `-`, `_`, `.`",
        max_length=253,
    ),
]
TargetPath = Annotated[
    str,
    text(
        pattern=r"^([a-zA-Z0-9_\-.\\/]|\[[0-9]{1,5}\])+$",
        message="must be a path like a.b[0].c, a dot inside a key written \\.",
        max_length=250,
    ),
]
Timeout = Annotated[
    str,
    text(
        pattern=duration.PATTERN,
        message="must be a duration like 30s, 5m or 1h30m",
        max_length=32,
        rules=(_at_least("1s", "must be 1s or longer"), _at_most("168h", "must be 168h or shorter")),
    ),
]
Interval = Annotated[
    str,
    text(
        pattern=duration.PATTERN,
        message="must be a duration like 30s, 5m or 1h30m",
        max_length=32,
        rules=(_at_least("10s", "must be 10s or longer"),),
    ),
]
