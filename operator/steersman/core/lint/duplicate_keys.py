"""Lists that hold one key twice: server-side apply, by which Helm 4 and Steersman install, refuses the object.

A check of ours.
`core.diff.duplicates` knows the lists; here the template is named, before anybody installs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from steersman.core.diff.duplicates import duplicates
from steersman.core.lint.model import Finding, Severity
from steersman.core.lint.objects import rendered_objects
from steersman.core.lint.rendering import Rendering

DUPLICATE_KEY: Final = "duplicate-key"


def check_duplicate_keys(rendering: Rendering) -> Iterator[Finding]:
    """Errors: no server-side apply of such an object can succeed."""
    for item in rendered_objects(rendering):
        for found in duplicates(item.object):
            message = f"{item}: {found.path} holds {found.key} twice, which server-side apply refuses"
            yield Finding(Severity.ERROR, item.path, message, DUPLICATE_KEY)
