"""A chart that is named in two ways, whether both mean the same: by a spec that names it by digest, or by the URL of
its archive, and by version too; by the index of a repository and its own Chart.yaml.

Asked before a revision is made (`actions.prepare`) and, when the spec changes and the digest does not, of the revision
that runs (`core.plan.state`).
"""

from __future__ import annotations

from steersman.core.api.chart import ChartSpec
from steersman.core.semver import Constraint, SemverError, Version

OTHER_VERSION_HINT = "correct spec.chart.version, or name the chart that is of that version"
OTHER_ENTRY_HINT = "make the index anew with `helm repo index`, or upload the chart that it means"


def other_entry(url: str, listed: str, version: str) -> str:
    """Why a chart of this version, from this URL, is not what the index of its repository `listed`; "" where it is.
    Tags of registries may be written in other ways."""
    if url.startswith("oci://") or not listed:
        return ""
    try:
        same = Version.parse(listed).precedence == Version.parse(version).precedence
    except SemverError:
        same = listed == version
    return "" if same else f"the repository's index.yaml says version {listed}, and the chart itself version {version}"


def other_version(chart: ChartSpec, version: str) -> str:
    """Why the chart that the spec names, which is of this version, is not the one asked for; "" where it is."""
    if chart.version is None or (chart.digest is None and not chart.is_archive):
        return ""
    try:
        if Constraint.parse(chart.version).check(Version.parse(version)):
            return ""
    except SemverError as error:
        return f"spec.chart.version {chart.version} cannot be compared with the chart's version {version}: {error}"
    named = "of spec.chart.digest" if chart.digest is not None else "at spec.chart.url"
    return f"the chart {named} is version {version}, which spec.chart.version {chart.version} excludes"
