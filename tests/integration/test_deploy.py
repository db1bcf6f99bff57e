"""What `deploy/` holds works as it is: the manifests are accepted, the pod is as locked down as they say, and the
operator does all it has to under the ServiceAccount they make; with `deploy/base` alone it may do nothing for charts.
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.operating import Bench, Object, operating
from integration.sidecar import rendering
from operators.process import NAMESPACE, ROOT, OperatorProcess
from testenv.audit import Audit
from testenv.binaries import locate_program
from testenv.clients import Helm, Kubectl
from testenv.instance import Instance

from steersman import __version__
from steersman.app.settings import Settings
from steersman.cli.run import run

pytestmark = pytest.mark.bench  # all need kubectl, some without a fixture that says so

OVERLAYS = ["base", "cluster-admin"]
USER = f"system:serviceaccount:{NAMESPACE}:steersman"
NOBODY = 65532
TOKENS = "/var/run/secrets/kubernetes.io/serviceaccount"
BINDING = "clusterrolebinding/steersman-cluster-admin"

MANY_KINDS = {
    "crds/sails.yaml": """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: sails.example.com}
spec:
  group: example.com
  names: {kind: Sail, plural: sails, singular: sail}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
""",
    "templates/hook.yaml": """\
apiVersion: batch/v1
kind: Job
metadata:
  name: hook
  annotations: {helm.sh/hook: "pre-install,post-upgrade,pre-delete", helm.sh/hook-delete-policy: hook-succeeded}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: job, image: busybox}]}}}
""",
    "templates/objects.yaml": """\
{apiVersion: example.com/v1, kind: Sail, metadata: {name: main}, spec: {reefs: {{ .Values.reefs }}}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: web}}
---
{apiVersion: v1, kind: Secret, metadata: {name: web}, stringData: {reefs: {{ .Values.reefs | quote }}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {reefs: {{ .Values.reefs | quote }}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: "reef-{{ .Values.reefs }}"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: deploy-test}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: deploy-test}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: deploy-test}
subjects: [{kind: ServiceAccount, name: web, namespace: {{ .Release.Namespace }}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: web}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
---
{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: nginx}]}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {matchLabels: {app: web}}}
""",
}
PLAIN = {
    "templates/objects.yaml": """\
{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {text: {{ .Values.text }}}}
---
{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}]}}
"""
}


# --- what the manifests say -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=OVERLAYS)
def overlay(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Object]:
    """The objects of an overlay, made as `kubectl apply -k` makes them."""
    kubectl = locate_program("kubectl")
    done = subprocess.run(
        [kubectl, "kustomize", ROOT / "deploy" / request.param], check=True, capture_output=True, text=True
    )
    return list(yaml.safe_load_all(done.stdout))


@pytest.fixture
def pod(overlay: list[Object]) -> Object:
    (deployment,) = (each for each in overlay if each["kind"] == "Deployment")
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}, "two must never wait for each other's Lease"
    spec: Object = deployment["spec"]["template"]["spec"]
    return spec


def test_containers_run_as_nobody_and_may_write_to_volumes_alone(pod: Object) -> None:
    assert pod["securityContext"] == {
        "runAsNonRoot": True, "runAsUser": NOBODY, "runAsGroup": NOBODY, "fsGroup": NOBODY,
        "seccompProfile": {"type": "RuntimeDefault"},
    }  # fmt: skip
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        assert container["image"] == f"steersman:{__version__}"
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]
        assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}


def test_only_the_operator_has_a_token(pod: Object) -> None:
    operator, renderer = pod["containers"]
    assert (operator["name"], renderer["name"]) == ("operator", "renderer")
    assert pod["automountServiceAccountToken"] is False
    secret = {volume["name"] for volume in pod["volumes"] if "serviceAccountToken" in json.dumps(volume)}
    assert [mount["name"] for mount in operator["volumeMounts"] if mount["mountPath"] == TOKENS] == list(secret)
    assert not secret & {mount["name"] for mount in renderer["volumeMounts"]}
    shared = _mounts(operator) & _mounts(renderer)
    assert shared == {"run"}, "what a chart can write to must not be read by the operator"
    assert "env" not in renderer


def test_probes_ask_what_the_operator_serves(pod: Object) -> None:
    operator = pod["containers"][0]
    assert operator["ports"] == [{"name": "http", "containerPort": 8080}]
    assert operator["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert operator["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}


def test_arguments_and_variables_are_known_and_fit_together(pod: Object) -> None:
    operator, renderer = pod["containers"]
    command, *arguments = operator["args"]
    assert command == "run"
    context = run.make_context("run", arguments)
    assert (context.params["http_host"], context.params["http_port"]) == ("0.0.0.0", 8080)
    assert renderer["args"] == [f"--socket={context.params['renderer_socket']}"]
    mounted = {mount["mountPath"] for mount in operator["volumeMounts"]}
    assert str(context.params["renderer_socket"].parent) in mounted
    assert str(Settings().cache_dir) in mounted
    variables = {each["name"]: each["valueFrom"]["fieldRef"]["fieldPath"] for each in operator["env"]}
    assert variables == {"STEERSMAN_NAMESPACE": "metadata.namespace", "STEERSMAN_IDENTITY": "metadata.name"}
    assert pod["terminationGracePeriodSeconds"] > context.params["grace"] + 10


def test_base_gives_no_rights_to_write_what_charts_hold(overlay: list[Object]) -> None:
    (role,) = (each for each in overlay if each["kind"] == "ClusterRole")
    writes = {"create", "update", "patch", "delete", "deletecollection", "*", "impersonate", "bind", "escalate"}
    written = {
        resource
        for rule in role["rules"]
        for resource in rule["resources"]
        if writes & set(rule["verbs"]) and rule["apiGroups"] != ["steersman.dev"]
    }
    assert written == {"events"}


# --- on a cluster ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kubectl(own_control_plane: Instance, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    return Kubectl.at(own_control_plane.kubeconfig, tmp_path_factory.mktemp("kubectl"))


@pytest.mark.parametrize("overlay_name", OVERLAYS)
def test_the_overlay_can_be_applied_and_its_pod_is_admitted(kubectl: Kubectl, overlay_name: str) -> None:
    folder = str(ROOT / "deploy" / overlay_name)
    said = kubectl("apply", "--server-side", "-k", folder)
    assert "Warning" not in said.stderr
    # The namespace enforces the restricted profile: an offending pod would never be made.
    kubectl("wait", "-n", NAMESPACE, "deployment/steersman", "--for=condition=Available", "--timeout=60s")


def test_the_operator_is_refused_nothing_under_the_cluster_admin_overlay(
    own_control_plane: Instance, tmp_path: Path
) -> None:
    socket = tmp_path / "renderer.sock"
    with rendering(socket), operating(own_control_plane, tmp_path, "--renderer-socket", str(socket)) as bench:
        audit = Audit(own_control_plane.audit_log, own_control_plane.api)
        chart = bench.chart("many", MANY_KINDS, values={"reefs": 1})
        namespace = bench.namespace("deploy")
        bench.kubectl("create", "configmap", "given", "-n", namespace, "--from-literal=values.yaml=reefs: 2")
        mark = audit.mark()
        release = bench.release(namespace, "web")
        spec: Object = {"targetNamespace": f"{namespace}-made", "install": {"createNamespace": True}}
        release.apply(chart.by_digest(), **spec).wait_ready(1)
        source = [{"kind": "ConfigMap", "name": "given"}]
        release.apply(chart.by_digest(), valuesFrom=source, **spec).wait_ready(2)
        bench.kubectl("delete", "-n", f"{namespace}-made", "service/web")
        release.apply(chart.by_digest(), valuesFrom=source, values={"reefs": 3}, **spec).wait_ready(3)
        release.delete()
        release.wait_gone()
        assert refused(mark, audit) == {}


def test_with_base_alone_charts_are_refused_and_a_role_binding_is_enough(
    own_control_plane: Instance, kubectl: Kubectl, tmp_path: Path
) -> None:
    kubectl("apply", "--server-side", "-k", str(ROOT / "deploy" / "base"))
    kubectl("delete", BINDING, "--ignore-not-found")
    audit = Audit(own_control_plane.audit_log, own_control_plane.api)
    mark = audit.mark()
    with under_base(own_control_plane, tmp_path) as bench:
        chart = bench.chart("plain", PLAIN, values={"text": "one"})
        release = bench.release(bench.namespace("base"), "web").apply(chart.by_digest())
        told = release.wait_condition("Ready", "False", "AccessDenied")
        assert f"{USER} may not get configmaps in namespace {release.namespace} (+1 more" in told["message"]
        assert 'Grant verb "get" on "configmaps"' in told["message"]
        release.wait_event("AccessDenied")
        assert refused(mark, audit).keys() == {"get configmaps", "get services"}
        release.delete()
        release.wait_gone()

        mark = audit.mark()
        namespace = bench.namespace("tenant")
        binding = ("rolebinding", "steersman", "--clusterrole=edit", f"--serviceaccount={NAMESPACE}:steersman")
        bench.kubectl("create", "-n", namespace, *binding)
        release = bench.release(namespace, "web").apply(chart.by_digest())
        release.wait_ready(1)
        release.apply(chart.by_digest(), values={"text": "two"}).wait_ready(2)
        release.delete()
        release.wait_gone()
        # Once: from then on Services are watched in each namespace. What base reads everywhere stays as it was.
        assert refused(mark, audit).keys() == {"list services"}


# --- helpers --------------------------------------------------------------------------------------------------------


@contextmanager
def under_base(instance: Instance, folder: Path) -> Iterator[Bench]:
    """An operator with the rights that are there, none added."""
    kubeconfig = instance.service_account_kubeconfig(NAMESPACE, "steersman")
    helm, kubectl = Helm.at(folder / "helm", instance.kubeconfig), Kubectl.at(instance.kubeconfig, folder)
    process = OperatorProcess(instance, kubeconfig=kubeconfig, log=instance.logs / "operator-base.log")
    with process as operator:
        operator.wait_ready()
        yield Bench(instance, operator, helm, kubectl, folder)


def refused(mark: int, audit: Audit) -> dict[str, str]:
    """What the operator asked for since the mark and may not: verb and resource, with one request as an example."""
    return {
        f"{request.verb} {request.resource}": request.uri
        for request in audit.since(mark)
        if request.user == USER and request.code in (401, 403)
    }


def _mounts(container: dict[str, Any]) -> set[str]:
    return {mount["name"] for mount in container["volumeMounts"]}
