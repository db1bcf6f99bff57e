"""The test bench itself: what the other tests rely on must be true of it."""

import dataclasses
import json
import socket
from pathlib import Path
from typing import Any

import psutil
import pytest
from testenv import cli, ports
from testenv.audit import Audit
from testenv.clients import CommandFailed, Helm, Kubectl
from testenv.errors import InstanceInUse, TestenvError
from testenv.instance import Instance, sweep
from testenv.processes import ProcessId

POD = {"containers": [{"name": "main", "image": "example.test/main:1"}]}


def workload(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    version = "batch/v1" if kind == "Job" else "apps/v1"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}


# --- what runs in it ------------------------------------------------------------------------------------------------


def test_a_deployment_becomes_available(kubectl: Kubectl, namespace: str) -> None:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": POD}
    kubectl.apply(
        workload("Deployment", "web", replicas=2, selector={"matchLabels": labels}, template=template),
        namespace=namespace,
    )
    kubectl("wait", "-n", namespace, "--for=condition=Available", "deployment/web", "--timeout=60s")
    live = kubectl.json("get", "deployment", "web", "-n", namespace)
    assert live["status"]["availableReplicas"] == 2


def test_a_job_completes(kubectl: Kubectl, namespace: str) -> None:
    kubectl.apply(workload("Job", "once", template={"spec": {**POD, "restartPolicy": "Never"}}), namespace=namespace)
    kubectl("wait", "-n", namespace, "--for=condition=Complete", "job/once", "--timeout=60s")


def test_a_claim_gets_a_volume_of_the_default_class(kubectl: Kubectl, namespace: str) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    kubectl.apply(claim, namespace=namespace)
    kubectl("wait", "-n", namespace, "--for=jsonpath={.status.phase}=Bound", "pvc/data", "--timeout=60s")
    assert kubectl.json("get", "pvc", "data", "-n", namespace)["spec"]["storageClassName"] == "kwok-volume"


def test_pods_have_logs(kubectl: Kubectl, namespace: str) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "talker"}, "spec": POD}
    kubectl.apply(pod, namespace=namespace)
    kubectl("wait", "-n", namespace, "--for=condition=Ready", "pod/talker", "--timeout=60s")
    assert "simulated" in kubectl("logs", "-n", namespace, "talker").stdout


def test_helm_installs_a_chart_of_helm_create(helm: Helm, chart: Path, namespace: str) -> None:
    helm("install", "web-release", str(chart), "-n", namespace, "--wait", "--timeout", "90s")
    status = helm.json("status", "web-release", "-n", namespace)
    assert status["info"]["status"] == "deployed"
    helm("uninstall", "web-release", "-n", namespace, "--wait")
    assert helm.json("list", "-n", namespace) == []


def test_the_versions_are_the_pinned_ones(kubectl: Kubectl, helm: Helm) -> None:
    versions = kubectl.json("version")
    assert versions["serverVersion"]["gitVersion"] == versions["clientVersion"]["gitVersion"] == "v1.37.1"
    assert helm("version", "--short").stdout.startswith("v4.3")


def test_rbac_holds_for_service_accounts(control_plane: Instance, namespace: str, tmp_path: Path) -> None:
    kubeconfig = control_plane.service_account_kubeconfig(namespace, "default")
    nobody = Kubectl.at(kubeconfig, tmp_path)
    assert nobody("auth", "whoami").stdout.count(f"system:serviceaccount:{namespace}:default") == 1
    with pytest.raises(CommandFailed, match="forbidden"):
        nobody("get", "secrets")


# --- the registry ---------------------------------------------------------------------------------------------------


def test_charts_are_pushed_and_pulled(
    control_plane: Instance, offline_helm: Helm, chart_archive: Path, tmp_path: Path
) -> None:
    repository = f"oci://{control_plane.registry}/charts"
    offline_helm("push", str(chart_archive), repository, "--plain-http")
    offline_helm("pull", f"{repository}/web", "--version", "0.1.0", "--plain-http", "--destination", str(tmp_path))
    assert (tmp_path / "web-0.1.0.tgz").read_bytes() == chart_archive.read_bytes()
    assert '"GET /v2/charts/web/manifests/0.1.0' in control_plane.registry_log.read_text()


# --- the audit log --------------------------------------------------------------------------------------------------


def test_the_audit_log_counts_by_agent_and_verb(audit: Audit, kubectl: Kubectl, namespace: str) -> None:
    before = audit.mark()
    kubectl("create", "configmap", "counted", "-n", namespace)
    kubectl("create", "configmap", "counted", "-n", namespace, check=False)
    kubectl("delete", "configmap", "counted", "-n", namespace, "--wait=false")
    asked = audit.since(before).by("kubectl/").within(namespace).of("configmaps")
    assert asked.by_verb() == {"create": 2, "delete": 1}
    assert sorted(each.code for each in asked) == [200, 201, 409]
    assert asked.by_agent_and_verb() == {("kubectl", "create"): 2, ("kubectl", "delete"): 1}
    assert len(asked.writes()) == 3


def test_what_lies_before_a_mark_is_not_counted(audit: Audit, kubectl: Kubectl, namespace: str) -> None:
    kubectl("get", "configmaps", "-n", namespace)
    assert len(audit.since(audit.mark()).by("kubectl/").within(namespace)) == 0


def test_a_watch_counts_once(audit: Audit, kubectl: Kubectl, namespace: str) -> None:
    before = audit.mark()
    never = "--for=jsonpath={.data.never}=x"
    kubectl("wait", "-n", namespace, never, "configmap/kube-root-ca.crt", "--timeout=1s", check=False)
    watches = [each for each in audit.since(before).by("kubectl/").within(namespace) if each.verb == "watch"]
    assert len(watches) == 1


# --- instances ------------------------------------------------------------------------------------------------------


def test_two_instances_live_side_by_side(control_plane: Instance, own_control_plane: Instance, tmp_path: Path) -> None:
    assert own_control_plane.server != control_plane.server
    assert own_control_plane.registry != control_plane.registry
    assert set(own_control_plane.processes.values()).isdisjoint(control_plane.processes.values())
    own = Kubectl.at(own_control_plane.kubeconfig, tmp_path)
    own("create", "namespace", "only-here")
    elsewhere = Kubectl.at(control_plane.kubeconfig, tmp_path)
    assert elsewhere("get", "namespace", "only-here", check=False).returncode != 0


def test_everything_listens_on_loopback_only(control_plane: Instance) -> None:
    for name, pid in control_plane.processes.items():
        listening = [c for c in psutil.Process(pid).net_connections("inet") if c.status == psutil.CONN_LISTEN]
        assert {c.laddr.ip for c in listening} <= {"127.0.0.1"}, name


def test_up_of_what_runs_changes_nothing(own_control_plane: Instance) -> None:
    before = own_control_plane.processes
    own_control_plane.up()
    assert own_control_plane.processes == before


def test_reset_leaves_an_empty_cluster(own_control_plane: Instance, tmp_path: Path) -> None:
    kubectl = Kubectl.at(own_control_plane.kubeconfig, tmp_path)
    kubectl("create", "namespace", "doomed")
    own_control_plane.reset()
    names = {each["metadata"]["name"] for each in kubectl.json("get", "namespaces")["items"]}
    assert names == {"default", "kube-node-lease", "kube-public", "kube-system"}


def test_a_server_can_be_killed_and_started_again(own_control_plane: Instance, tmp_path: Path) -> None:
    kubectl = Kubectl.at(own_control_plane.kubeconfig, tmp_path)
    kubectl("create", "namespace", "survivor")
    own_control_plane.stop_server("kube-apiserver")
    assert not own_control_plane.running()
    own_control_plane.start_server("kube-apiserver")
    assert own_control_plane.running()
    kubectl("get", "namespace", "survivor")


@pytest.mark.bench
def test_down_removes_data_and_processes_and_keeps_logs(tmp_path: Path) -> None:
    instance = Instance("gone", directory=tmp_path / "instance", logs=tmp_path / "logs")
    instance.up()
    processes = [ProcessId.of(pid) for pid in instance.processes.values()]
    instance.down()
    assert not any(process.alive() for process in processes)
    assert {path.name for path in tmp_path.iterdir()} == {"logs"}
    assert (tmp_path / "logs" / "kube-apiserver.log").stat().st_size > 0
    instance.down()  # again: nothing to do, and no error


@pytest.mark.bench
def test_a_port_taken_by_somebody_else_is_replaced_by_another(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        taken = stranger.getsockname()[1]
        unlucky = iter(("etcd", "registry", "apiserver", "node"))

        def choose() -> ports.Ports:
            victim = next(unlucky, None)
            chosen = ports.choose()
            return chosen if victim is None else dataclasses.replace(chosen, **{victim: taken})

        instance = Instance("unlucky", directory=tmp_path / "instance", choose_ports=choose)
        told: list[str] = []
        instance.up(report=told.append)
    assert instance.running()
    assert [line.split("port of ")[1].split()[0] for line in told] == ["etcd", "registry", "kube-apiserver", "kwok"]
    instance.down()


@pytest.mark.bench
def test_the_remains_of_a_killed_owner_are_swept(tmp_path: Path) -> None:
    owner = psutil.Popen(["sleep", "300"])
    instance = Instance("left-behind", logs=tmp_path / "logs")
    instance.up(owner=ProcessId.of(owner.pid))
    processes = [ProcessId.of(pid) for pid in instance.processes.values()]
    sweep()
    assert instance.running()
    owner.kill()
    owner.wait()
    sweep()
    assert not any(process.alive() for process in processes)
    assert not instance.layout.root.exists()


def test_a_recycled_pid_is_left_alone() -> None:
    stranger = psutil.Popen(["sleep", "300"])
    try:
        ProcessId(stranger.pid, started=stranger.create_time() - 3600).kill()
        assert stranger.is_running() and stranger.status() != psutil.STATUS_ZOMBIE
    finally:
        stranger.kill()
        stranger.wait()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InstanceInUse, match="name an empty folder"):
        Instance("x", directory=tmp_path).down()
    assert (tmp_path / "thesis.txt").exists()


# --- the command line -----------------------------------------------------------------------------------------------


@pytest.mark.bench
def test_the_commands_in_the_order_people_use_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--dir", str(tmp_path / "plane")]
    assert cli.main(["status", *where]) == cli.NOT_RUNNING
    assert cli.main(["up", *where]) == 0
    assert cli.main(["up", *where]) == 0
    capsys.readouterr()
    assert cli.main(["kubeconfig", *where]) == 0
    kubeconfig = Path(capsys.readouterr().out.strip())
    assert json.loads(kubeconfig.read_text())["clusters"][0]["cluster"]["server"].startswith("https://127.0.0.1:")
    assert cli.main(["status", *where]) == 0
    assert cli.main(["down", *where]) == 0
    assert cli.main(["down", *where]) == 0
    assert cli.main(["kubeconfig", *where]) == 1
    assert "does not run" in capsys.readouterr().err


def test_a_name_that_would_leave_the_folder_is_refused() -> None:
    with pytest.raises(TestenvError, match="cannot be called"):
        Instance("../elsewhere")
