"""What goes wrong with rendered text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steersman.errors import InvalidInput

if TYPE_CHECKING:
    from steersman.core.manifest.model import Hook


class ManifestError(InvalidInput):
    """Rendered text that is no Kubernetes object; `path` is the template's. `hooks` are those read before it, in the
    order of the files: `helm template --debug` shows them."""

    reason = "RenderFailed"

    def __init__(self, message: str, *, path: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.hooks: tuple[Hook, ...] = ()
