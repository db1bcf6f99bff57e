"""What goes wrong when a chart is loaded. Messages are Helm's, so that a user can search for them."""

from __future__ import annotations

from steersman.errors import InvalidInput


class ChartError(InvalidInput):
    """An archive, folder or Chart.yaml that is no chart."""

    reason = "ChartInvalid"


class PatternError(ChartError):
    """A file pattern that does not parse."""
