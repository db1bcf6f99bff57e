"""The template functions by family: Sprig's, and Helm's own that need no chart.

`all_functions` is what `template.environment` takes. The functions bound to a running render (`include`, `tpl`,
`required`, `fail`, `lookup`, `getHostByName`) and Go's builtins are beside this package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.core.template.funcs.registry import Function

FAMILIES = (
    "certificates",
    "dates",
    "defaults",
    "dicts",
    "encoding",
    "hashes",
    "lists",
    "math",
    "paths_urls",
    "random",
    "regex",
    "semver",
    "strings",
    "text_case",
    "toml",
    "types",
    "wrapping",
    "yaml",
)


def all_functions() -> dict[str, Function]:
    """Every function of every family, by name.

    The families are imported now and not with this package: the operator's process, which only knows the errors of
    templates, would carry their libraries for nothing."""
    families = (import_module(f"{__name__}.{name}") for name in FAMILIES)
    return {name: function for family in families for name, function in family.TABLE.items()}
