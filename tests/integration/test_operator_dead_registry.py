"""A registry that accepts connections and says nothing, beside one that works."""

import time

from integration.operating import ANYTHING, Bench, config_map, objects
from registry.scripted import Reply, serve

DEAD = 40
PATIENCE = 12.0
"""Less than the silence after which a request is given up: nobody's release waits for another's registry."""


def test_releases_of_other_registries_go_on(bench: Bench) -> None:
    """Forty releases want charts from a dead registry, more than there are workers; others are installed at once."""
    living = bench.chart("living", ANYTHING)
    dead_namespace = bench.namespace("dead")
    with serve() as server:
        server.script = lambda request: Reply(raw=b"", stall=True)
        for number in range(DEAD):
            chart = {"url": f"oci://{server.host}/charts/c{number}", "version": "1.x", "insecure": True}
            bench.release(dead_namespace, f"dead-{number}").apply(chart)
        bench.until("the dead registry is asked", lambda: server.requests, 30)
        for turn in range(3):
            release = bench.release(bench.namespace("living"), f"living-{turn}")
            release.apply(living.by_digest(), values=objects(config_map(f"c{turn}")))
            release.wait_ready(1, patience=PATIENCE)
            ranged = bench.release(release.namespace, f"ranged-{turn}")
            ranged.apply(living.by_version("0.x"), values=objects(config_map(f"r{turn}")))
            ranged.wait_ready(1, patience=PATIENCE)
            time.sleep(5)
