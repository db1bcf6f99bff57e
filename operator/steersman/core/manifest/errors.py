"""What goes wrong with rendered text."""

from __future__ import annotations

from steersman.errors import InvalidInput


class ManifestError(InvalidInput):
    """Rendered text that is no Kubernetes object; `path` is the template's."""

    reason = "RenderFailed"

    def __init__(self, message: str, *, path: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path
