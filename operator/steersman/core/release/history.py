"""Questions about the revisions of one release, oldest first as `storage` gives them: which counts, which may go."""

from __future__ import annotations

from collections.abc import Sequence

from steersman.core.release.model import Release, ReleaseStatus


def newest(history: Sequence[Release]) -> Release | None:
    """The revision with the highest number."""
    return max(history, key=lambda release: release.revision, default=None)


def newest_deployed(history: Sequence[Release]) -> Release | None:
    """The newest revision that is deployed: what runs, as far as records know."""
    return newest([release for release in history if release.status is ReleaseStatus.DEPLOYED])


def next_revision(history: Sequence[Release]) -> int:
    """The number that a new revision gets."""
    last = newest(history)
    return 1 if last is None else last.revision + 1


def superseded_by(history: Sequence[Release], revision: int) -> tuple[Release, ...]:
    """The revisions that must be marked superseded once this one is deployed: all that still say deployed."""
    return tuple(
        release for release in history if release.status is ReleaseStatus.DEPLOYED and release.revision != revision
    )


def surplus(history: Sequence[Release], limit: int, *, taken_in: int) -> tuple[Release, ...]:
    """The revisions to delete, oldest first, so that `limit` remain (0: all may stay).

    Never the newest, never the last deployed one (Helm keeps it too), and none newer than `taken_in`, the revision up
    to which the inventory holds every object: such a record may be all that knows of an object.
    """
    excess = len(history) - limit if limit else 0
    last, deployed = newest(history), newest_deployed(history)
    candidates = [
        release
        for release in sorted(history, key=lambda release: release.revision)
        if release is not last and release is not deployed and release.revision <= taken_in
    ]
    return tuple(candidates[: max(excess, 0)])
