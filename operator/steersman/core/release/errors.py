"""What can be wrong with a release record. Raised by the codec and by `storage`; actions and the planner catch them."""

from __future__ import annotations

from steersman.errors import StorageError


class RecordError(StorageError):
    """Something about one record; `record` is the Secret, as `namespace/name`."""

    def __init__(self, message: str, *, record: str = "", hint: str = "") -> None:
        super().__init__(f"release record {record}: {message}" if record else message, hint=hint)
        self.record = record


class RecordUnreadable(RecordError):
    """A record that is no release: damaged, or written by something else."""

    reason = "RecordTampered"


class RecordTooLarge(RecordError):
    """A record that the API server would refuse for its size."""

    reason = "ManifestRefused"


class RecordExists(RecordError):
    """That revision is there already: somebody else made it meanwhile."""

    retryable = True
    transient = True


class RecordConflict(RecordError):
    """The record was changed or deleted since it was read."""

    retryable = True
    transient = True
