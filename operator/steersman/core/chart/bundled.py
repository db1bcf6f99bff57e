"""The charts that a chart brings with it in `charts/`: what a pin of the chart pins with it.

Called by the renderer, which has the chart loaded; a HelmRelease's status shows it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from steersman.core.chart.model import Chart

MOST: Final = 32
"""As many are told."""
_LONGEST: Final = 253


class BundledChart(NamedTuple):
    """One of them: name, version, and the sha256 of its archive (`sha256:…`; "" where it lies there unpacked)."""

    name: str
    version: str
    digest: str = ""


def bundled(chart: Chart) -> tuple[BundledChart, ...]:
    """The charts in `charts/`, used or not, by the names that they have there; texts are cut to what a status takes."""
    return tuple(
        BundledChart(subchart.name[:_LONGEST], subchart.metadata.version[:_LONGEST], subchart.digest)
        for subchart in chart.subcharts[:MOST]
    )
