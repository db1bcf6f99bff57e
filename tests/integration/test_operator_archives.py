"""Hostile archives, pulled by the real operator from the real registry: refused by name, nothing applied, and the
operator goes on."""

import re
from random import Random

import pytest
from hostile_archives import FAULTS, Hostile, good
from integration.operating import Bench, ReleaseHandle
from integration.pushing import push_bytes

from steersman.core.chart.refusals import ArchiveFault, shown


@pytest.mark.parametrize("fault", ArchiveFault, ids=lambda fault: fault.name.lower())
def test_refused_with_class_and_entry(bench: Bench, release: ReleaseHandle, fault: ArchiveFault) -> None:
    hostile: Hostile = FAULTS[fault](Random("the operator"))
    name = f"hostile/{fault.name.lower().replace('_', '-')}"
    pushed = push_bytes(bench.instance.registry, name, hostile.archive)
    release.apply({"url": pushed.url, "digest": pushed.digest, "insecure": True})
    message = release.wait_condition("Stalled", "True", "ChartInvalid")["message"]
    assert len(message) < 1500
    assert re.search(r"helm package|bomb|\.helmignore|Vendor charts", message), message  # what to do
    if hostile.entry:
        assert shown(hostile.entry) in message
    if "chart archive refused" in message:
        assert f"({fault})" in message
    assert release.status().get("release") is None


def test_the_operator_is_none_the_worse_for_it(bench: Bench, release: ReleaseHandle) -> None:
    pushed = push_bytes(bench.instance.registry, "hostile/good", good(Random("good")))
    release.apply({"url": pushed.url, "digest": pushed.digest, "insecure": True})
    release.wait_ready(1)
    assert "Traceback" not in bench.operator.tail(500)
