"""What users may reach: by default nothing of the operator's own machine, and what `--allowed-registries` says."""

from pathlib import Path

from integration.operating import ANYTHING, conditions, operating
from testenv.instance import Instance

DIGEST = "sha256:" + "0" * 64
DEFAULT = {"STEERSMAN_ALLOW_LOCAL_REGISTRIES": "0"}
"""As in a cluster: the other operators of the tests are started with what the bench needs."""


def test_by_default_nothing_of_this_machine_is_reached(own_control_plane: Instance, tmp_path: Path) -> None:
    with operating(own_control_plane, tmp_path, environment=DEFAULT) as bench:
        namespace = bench.namespace("reach")
        host = own_control_plane.registry
        release = bench.release(namespace, "probe")
        release.apply({"url": f"oci://{host}/charts/web", "version": "1.x", "insecure": True})
        message = release.wait_condition("Ready", "False", "SourceNotReady")["message"]
        assert "the address 127.0.0.1 is not connected to" in message
        assert "--allow-local-registries" in message
        metadata = bench.repository(namespace, "metadata").apply(url="http://169.254.169.254/latest", insecure=True)
        metadata.wait("False", "the address 169.254.169.254 is not connected to")


def test_only_what_is_allowed_may_be_named(own_control_plane: Instance, tmp_path: Path) -> None:
    host = own_control_plane.registry
    with operating(own_control_plane, tmp_path, "--allowed-registries", f"{host}/charts") as bench:
        namespace = bench.namespace("allowed")
        bench.repository(namespace, "charts").apply(url=f"oci://{host}/charts", insecure=True).wait("True")
        other = bench.repository(namespace, "other").apply(url=f"oci://{host}/other", insecure=True)
        other.wait("False", f"this operator takes charts from {host}/charts only")
        release = bench.release(namespace, "probe")
        release.apply({"url": "https://charts.example/web.tgz", "digest": DIGEST})
        message = release.wait_condition("Stalled", "True", "InvalidSpec")["message"]
        assert "--allowed-registries" in message


def test_a_release_of_a_registry_that_is_not_allowed_any_more_stays(
    own_control_plane: Instance, tmp_path: Path
) -> None:
    with operating(own_control_plane, tmp_path) as bench:
        chart = bench.chart("anything", ANYTHING)
        namespace = bench.namespace("narrowed")
        bench.release(namespace, "probe").apply(chart.by_version("0.1.x"), values={"objects": []}).wait_ready(1)
    with operating(own_control_plane, tmp_path, "--allowed-registries", "registry.example/charts") as bench:
        release = bench.release(namespace, "probe")
        told = release.wait_condition("SourceReady", "False", "InvalidSpec")
        assert "this operator takes charts from registry.example/charts only" in told["message"]
        assert conditions(release.status())["Ready"]["status"] == "True"
        release.apply(chart.by_version("0.1"), values={"objects": []})
        release.wait_condition("Stalled", "True", "InvalidSpec")
    with operating(own_control_plane, tmp_path) as bench:
        status = bench.release(namespace, "probe").wait_ready()
        assert "SourceReady" not in conditions(status)
