"""Which tag a version or range means. Pure decisions over tag names; `source` asks the registry.

The rules are Helm's: a complete version is a tag as it is (with `_` for `+`), everything else is a range over the tags
that are versions, and the highest one that satisfies it wins. Helm knows complete versions only; tags like `v1.4.0` or
`1.4` are taken here where none of those fits. Ranges and filters are `core.chart.versions`'.
"""

from __future__ import annotations

from collections.abc import Iterable

from steersman.core.chart.versions import parse_filter, parse_range, parsed_version
from steersman.core.semver import is_strict_version, is_version
from steersman.registry.errors import NoMatchingVersion
from steersman.registry.reference import version_of_tag

_SHOWN = 5


def is_complete(version: str) -> bool:
    """Whether this is one version (`1.2.3`, `v1.2.3-rc.1+x`) and no range."""
    return is_strict_version(version.removeprefix("v"))


def may_be_tag(version: str) -> bool:
    """Whether Helm would ask for this as a tag: incomplete versions (`1.2`) are also ranges."""
    return is_version(version)


def choose_tag(tags: Iterable[str], version: str, version_filter: str, place: str) -> str:
    """The tag of the highest version within the range ("" means any stable one)."""
    constraint = parse_range(version)
    passes = parse_filter(version_filter)
    versions = ((parsed_version(version_of_tag(tag)), tag) for tag in sorted(tags, reverse=True))
    known = [(parsed, tag) for parsed, tag in versions if parsed is not None]
    known.sort(key=lambda pair: pair[0].precedence, reverse=True)
    loose = ""
    for parsed, tag in known:  # the highest first: of 100,000 tags few are looked at twice
        if passes(tag) and constraint.check(parsed):
            if is_strict_version(version_of_tag(tag)):
                return tag
            loose = loose or tag
    if loose:
        return loose
    raise NoMatchingVersion(place, version, version_filter, tuple(tag for _, tag in known[:_SHOWN]))
