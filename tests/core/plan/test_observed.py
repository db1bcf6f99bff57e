"""`core.plan.observed`: whose records they are, and whether the next action is an upgrade."""

import pytest
from core.plan.builders import ANCESTOR, OURS, STRANGER, foreign, observed, record

from steersman.core.plan.observed import input_of


@pytest.mark.parametrize(
    ("statuses", "deployed"),
    [
        ((), False),
        (("pending-install",), False),
        (("failed",), False),
        (("failed", "failed"), False),
        (("deployed",), True),
        (("superseded", "failed"), True),
        (("superseded", "deployed", "pending-upgrade"), True),
        (("superseded", "uninstalled"), False),
        (("superseded", "uninstalled", "pending-install"), False),
        (("superseded", "uninstalled", "deployed", "failed"), True),
        (("deployed", "uninstalling"), False),
    ],
    ids=lambda value: "-".join(value) or "none" if isinstance(value, tuple) else str(value),
)
def test_ever_deployed(statuses: tuple[str, ...], deployed: bool) -> None:
    """An uninstall whose history was kept makes the next action an install again, as in Helm."""
    records = [record(status, revision=number) for number, status in enumerate(statuses, start=1)]
    assert observed(*records).ever_deployed() is deployed


@pytest.mark.parametrize(
    ("written_by", "dead", "ours"),
    [(OURS, (), True), (ANCESTOR, (ANCESTOR,), True), (ANCESTOR, (), False), (STRANGER, (ANCESTOR,), False)],
    ids=["itself", "a predecessor", "a predecessor that lives", "another"],
)
def test_is_ours(written_by: str, dead: tuple[str, ...], ours: bool) -> None:
    written = record(uid=written_by)
    assert observed(written, dead_uids=frozenset(dead)).is_ours(written) is ours


def test_what_helm_wrote_is_never_ours() -> None:
    assert not observed(foreign()).is_ours(foreign())
    assert input_of(foreign()) == ""


def test_newest_is_the_last() -> None:
    assert observed().newest is None
    newest = record(revision=2)
    assert observed(record("superseded"), newest).newest is newest
