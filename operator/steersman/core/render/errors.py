"""What stops a render before or after the templates themselves."""

from __future__ import annotations

from collections.abc import Iterable

from steersman.errors import InvalidInput


class RenderError(InvalidInput):
    """A chart that cannot be rendered: a library, one with dependencies missing, one for another Kubernetes."""

    reason = "ChartInvalid"


class KubeVersionError(RenderError):
    """A text that is no Kubernetes version."""


class IncompatibleCluster(RenderError):
    """The chart's kubeVersion excludes this Kubernetes."""


class MissingDependencies(RenderError):
    """Charts that Chart.yaml lists and `charts/` lacks. `names` are those of the entries."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        super().__init__(
            "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to "
            "fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: "
            + ", ".join(self.names)
        )
