"""A chart that a spec names by digest, or by the URL of its archive, and by version too: whether both mean the same.

Asked before a revision is made (`actions.prepare`) and, when the spec changes and the digest does not, of the revision
that runs (`core.plan.state`).
"""

from __future__ import annotations

from steersman.core.api.chart import ChartSpec
from steersman.core.semver import Constraint, SemverError, Version


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
