"""Whether an object may have its name: the API server's rules for each kind, as Helm's lint knows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from steersman.core.golang.quote import quote
from steersman.core.golang.types import byte_length

_Rule: TypeAlias = Callable[[str], list[str]]

_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_1035: Final = "[a-z]([-a-z0-9]*[a-z0-9])?"
_MAX_LABEL: Final = 63
_MAX_SUBDOMAIN: Final = 253
_LOWER: Final = "lower case alphanumeric characters"
_ENDS: Final = "must start and end with an alphanumeric character"


def check_name(kind: str, name: str) -> str:
    """What is wrong with an object's name, "" when nothing is."""
    problems = [
        f"metadata.name: Invalid value: {quote(name)}: {text}" for text in _RULES.get(kind.lower(), _subdomain)(name)
    ]
    if not problems:
        return ""
    listed = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
    return f"object name does not conform to Kubernetes naming requirements: {quote(name)}: {listed}"


def _subdomain(name: str) -> list[str]:
    problems = _too_long(name, _MAX_SUBDOMAIN)
    if not re.fullmatch(_SUBDOMAIN, name):
        rule = f"a lowercase RFC 1123 subdomain must consist of {_LOWER}, '-' or '.', and {_ENDS}"
        problems.append(_with_pattern(rule, _SUBDOMAIN, "example.com"))
    return problems


def _label(name: str) -> list[str]:
    problems = _too_long(name, _MAX_LABEL)
    if re.fullmatch(_LABEL, name):
        return problems
    if re.fullmatch(_SUBDOMAIN, name):
        return [*problems, "must not contain dots"]
    rule = f"a lowercase RFC 1123 label must consist of {_LOWER} or '-', and {_ENDS}"
    return [*problems, _with_pattern(rule, _LABEL, "my-name", "123-abc")]


def _label_1035(name: str) -> list[str]:
    problems = _too_long(name, _MAX_LABEL)
    if not re.fullmatch(_LABEL_1035, name):
        rule = (
            f"a DNS-1035 label must consist of {_LOWER} or '-', start with an alphabetic "
            "character, and end with an alphanumeric character"
        )
        problems.append(_with_pattern(rule, _LABEL_1035, "my-name", "abc-123"))
    return problems


def _path_segment(name: str) -> list[str]:
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{char}'" for char in "/%" if char in name]


def _anything(_: str) -> list[str]:
    return []


def _too_long(name: str, limit: int) -> list[str]:
    return [f"must be no more than {limit} characters"] if byte_length(name) > limit else []


def _with_pattern(rule: str, pattern: str, *examples: str) -> str:
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{rule} (e.g. {shown}regex used for validation is '{pattern}')"


_RULES: Final[Mapping[str, _Rule]] = {
    "service": _label_1035,
    "namespace": _label,
    "certificatesigningrequest": _anything,
    "role": _path_segment,
    "clusterrole": _path_segment,
    "rolebinding": _path_segment,
    "clusterrolebinding": _path_segment,
}
