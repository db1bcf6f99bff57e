"""A chart that a spec pins by digest and names by version too: whether both mean the same chart.

Asked before a revision is made (`actions.prepare`) and, when the spec changes and the digest does not, of the revision
that runs (`core.plan.state`).
"""

from __future__ import annotations

from steersman.core.api.spec import ChartSpec
from steersman.core.semver import Constraint, SemverError, Version


def other_version(chart: ChartSpec, version: str) -> str:
    """Why the chart of `spec.chart.digest`, which is of this version, is not the one asked for; "" where it is."""
    if chart.digest is None or chart.version is None:
        return ""
    try:
        if Constraint.parse(chart.version).check(Version.parse(version)):
            return ""
    except SemverError as error:
        return f"spec.chart.version {chart.version} cannot be compared with the chart's version {version}: {error}"
    return f"the chart of spec.chart.digest is version {version}, which spec.chart.version {chart.version} excludes"
