"""What stops a render before or after the templates themselves."""

from __future__ import annotations

from steersman.errors import InvalidInput


class RenderError(InvalidInput):
    """A chart that cannot be rendered: a library, one with dependencies missing, one for another Kubernetes."""

    reason = "ChartInvalid"


class KubeVersionError(RenderError):
    """A text that is no Kubernetes version."""


class IncompatibleCluster(RenderError):
    """The chart's kubeVersion excludes this Kubernetes."""
