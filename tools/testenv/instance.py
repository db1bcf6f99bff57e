"""One control plane with its registry: started, described, ended.

Used by cli.py, tests/conftest.py, the demo and the benchmarks. `up` returns only when the API server is ready, the node
is Ready and untainted, and the `default` namespace has its ServiceAccount. servers.py says what the servers are told,
binaries.py where they come from. An instance may be brought down by any process of the user: the record in its folder
names the servers by pid and start time.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

from testenv import binaries, ports, servers, state
from testenv.api import Api
from testenv.certificates import write_certificates, write_private
from testenv.errors import InstanceInUse, PortTaken, TestenvError
from testenv.layout import Layout, instances_root
from testenv.locks import exclusive
from testenv.processes import ProcessId, Server, end, start, wait_for_port, wait_until
from testenv.progress import Report, silent

ATTEMPTS = 5
TIMEOUT = 120.0
"""Seconds each server may take. Generous: on a busy machine the API server alone may take half a minute."""


class Instance:
    """A control plane by name. Making the object touches nothing; `up` starts it unless it already runs."""

    def __init__(
        self,
        name: str = "default",
        *,
        directory: Path | None = None,
        logs: Path | None = None,
        choose_ports: Callable[[], ports.Ports] = ports.choose,
    ) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,99}", name):
            raise TestenvError(f"an instance cannot be called {name!r}: use lower-case letters, digits, '-' and '.'")
        root = (directory or instances_root() / name).absolute()
        recorded = state.load(root / "instance.json")
        kept = Path(recorded.logs) if recorded and logs is None else logs
        self.name = name
        self._choose_ports = choose_ports
        self.layout = Layout(root, (kept or root / "logs").absolute())

    # --- what it is ------------------------------------------------------------------------------------------------

    @property
    def kubeconfig(self) -> Path:
        """Of the admin, in system:masters."""
        return self.layout.kubeconfig

    @property
    def server(self) -> str:
        return f"https://{ports.LOOPBACK}:{self._state().ports.apiserver}"

    @property
    def ca_file(self) -> Path:
        return self.layout.ca_file

    @property
    def admin_token(self) -> str:
        return servers.token_of(self.layout, servers.ADMIN)

    @property
    def registry(self) -> str:
        """`127.0.0.1:PORT`, plain HTTP."""
        return f"{ports.LOOPBACK}:{self._state().ports.registry}"

    @property
    def audit_log(self) -> Path:
        """One JSON object a line; audit.py reads it."""
        return self.layout.audit_log

    @property
    def registry_log(self) -> Path:
        """The access log of the registry."""
        return self.layout.registry_log

    @property
    def logs(self) -> Path:
        return self.layout.logs

    @cached_property
    def helm(self) -> Path:
        return binaries.locate_program("helm")

    @cached_property
    def kubectl(self) -> Path:
        return binaries.locate_program("kubectl")

    @property
    def processes(self) -> dict[str, int]:
        """The pid of every server, by name: for accounting."""
        return {name: process.pid for name, process in self._state().processes.items()}

    @property
    def api(self) -> Api:
        """Plain requests as the admin."""
        return Api(self._state().ports.apiserver, self.admin_token, self.ca_file)

    def running(self) -> bool:
        recorded = state.load(self.layout.state)
        return recorded is not None and recorded.running()

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """A kubeconfig with a fresh token (an hour) of a ServiceAccount that exists: how the operator is run."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": 3600},
        }
        answer = self.api.request("POST", path, body=request)
        if not answer.ok:
            raise TestenvError(f"no token for ServiceAccount {namespace}/{name}: {answer.body.decode()}")
        written = self.layout.root / f"kubeconfig-{namespace}-{name}"
        token = answer.json()["status"]["token"]
        write_private(written, servers.kubeconfig(self.server, self.ca_file, name, token, namespace))
        return written

    # --- its life --------------------------------------------------------------------------------------------------

    def up(self, *, owner: ProcessId | None = None, report: Report = silent) -> None:
        """Start it unless it runs. With an `owner`, `sweep` removes it once that process has ended."""
        with exclusive(self.layout.lock):
            recorded = state.load(self.layout.state)
            if recorded is not None and recorded.running():
                return
            if recorded is not None:
                report(f"instance {self.name}: not all of its servers run: starting anew")
            self._remove()
            self._start(binaries.locate(), owner, report)

    def down(self) -> None:
        """End the servers and remove the data; logs that lie elsewhere stay. Nothing happens where there is nothing."""
        with exclusive(self.layout.lock):
            self._remove()

    def reset(self, *, report: Report = silent) -> None:
        """An empty cluster and registry: the data is made anew, since some objects outlive any attempt to delete them.

        Ports and tokens are new as well; the kubeconfig lies at the same place.
        """
        owner = self._state().owner
        with exclusive(self.layout.lock):
            self._remove()
            self._start(binaries.locate(), owner, report)

    def stop_server(self, name: str) -> None:
        """Kill one server and keep its data: for tests of faults."""
        end([self._state().processes[name]])

    def start_server(self, name: str) -> None:
        """Start a server that was stopped, with the same ports and data."""
        with exclusive(self.layout.lock):
            recorded = self._state()
            server = servers.servers(self._setting(recorded.ports, binaries.locate()))[name]
            process = start(server, self.layout.root)
            state.save(self.layout.state, recorded.with_process(name, process))
            wait_for_port(server, process, TIMEOUT)
            if name == servers.APISERVER:
                wait_until(self.api.ready, server, process, TIMEOUT, "ready")

    # --- how it starts ---------------------------------------------------------------------------------------------

    def _start(self, tools: binaries.Toolbox, owner: ProcessId | None, report: Report) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._start_once(tools, owner)
            except PortTaken as error:
                self._end_servers()
                if attempt == ATTEMPTS:
                    raise
                report(f"the port of {error.server} was taken meanwhile: starting again with others")
            except BaseException:
                self._end_servers()  # also when interrupted: nothing may go on unseen
                raise
            else:
                return

    def _start_once(self, tools: binaries.Toolbox, owner: ProcessId | None) -> None:
        chosen = self._choose_ports()
        setting = self._setting(chosen, tools)
        self._make_folders()
        state.save(self.layout.state, state.State(self.name, chosen, str(self.layout.logs), owner))
        write_certificates(self.layout)
        servers.write_files(setting)
        known = servers.servers(setting)
        self._launch(known, servers.ETCD, servers.REGISTRY)
        self._launch(known, servers.APISERVER)
        self._wait(known[servers.APISERVER], self.api.ready, "ready")
        self._create_objects(tools)
        self._launch(known, *servers.CLIENTS)
        self._wait(known[servers.KWOK], self._node_ready, "keeping the node ready")
        self._wait(known[servers.CONTROLLERS], self._default_account, "making ServiceAccounts")
        state.save(self.layout.state, self._state().made_ready())

    def _launch(self, known: dict[str, Server], *names: str) -> None:
        """Start servers at once, then wait for the port of each."""
        for name in names:
            process = start(known[name], self.layout.root)
            state.save(self.layout.state, self._state().with_process(name, process))
        for name in names:
            wait_for_port(known[name], self._state().processes[name], TIMEOUT)

    def _wait(self, server: Server, ready: Callable[[], bool], what: str) -> None:
        wait_until(ready, server, self._state().processes[server.name], TIMEOUT, what)

    def _create_objects(self, tools: binaries.Toolbox) -> None:
        """The node, and the StorageClass that KWOK provisions volumes for."""
        storage_class = "/apis/storage.k8s.io/v1/storageclasses/kwok-volume"
        answers = (
            self.api.request("POST", "/api/v1/nodes", body=servers.node_object()),
            self.api.apply(storage_class, tools.storage_class.read_bytes()),
        )
        for answer in answers:
            if not answer.ok:
                raise TestenvError(f"the API server refused an object of the bench: {answer.body.decode()}")

    def _node_ready(self) -> bool:
        node = self.api.request("GET", f"/api/v1/nodes/{servers.NODE}").json()
        conditions = {each["type"]: each["status"] for each in node.get("status", {}).get("conditions", [])}
        return conditions.get("Ready") == "True" and not node["spec"].get("taints")

    def _default_account(self) -> bool:
        return self.api.request("GET", "/api/v1/namespaces/default/serviceaccounts/default").ok

    # --- its folder ------------------------------------------------------------------------------------------------

    def _setting(self, chosen: ports.Ports, tools: binaries.Toolbox) -> servers.Setting:
        return servers.Setting(self.layout, chosen, tools)

    def _state(self) -> state.State:
        recorded = state.load(self.layout.state)
        if recorded is None:
            raise TestenvError(f"instance {self.name} is not up: `python -m testenv up --name {self.name}` starts it")
        return recorded

    def _make_folders(self) -> None:
        shutil.rmtree(self.layout.data("x").parent, ignore_errors=True)
        for folder in (self.layout.root, self.layout.logs, self.layout.data("x").parent):
            folder.mkdir(parents=True, exist_ok=True)
        self.layout.root.chmod(0o700)
        for path in (*map(self.layout.log, servers.ORDER), self.layout.audit_log, self.layout.registry_log):
            path.unlink(missing_ok=True)  # what an earlier attempt said would be taken for the word of this one

    def _end_servers(self) -> None:
        recorded = state.load(self.layout.state)
        if recorded is not None:
            end(recorded.processes.values())

    def _remove(self) -> None:
        """End the servers and remove the folder, which must be ours: it has a record, or nothing at all, in it."""
        root = self.layout.root
        if not root.exists():
            return
        if not self.layout.state.exists() and any(root.iterdir()):
            raise InstanceInUse(f"{root} holds files but is no instance of the test bench: name an empty folder")
        self._end_servers()
        shutil.rmtree(root)


def instances() -> Iterator[Instance]:
    """The instances in the user's cache."""
    for path in sorted(instances_root().glob("*/instance.json")):
        yield Instance(path.parent.name)


def sweep() -> None:
    """Bring down the instances whose owner has ended without doing so."""
    for each in instances():
        recorded = state.load(each.layout.state)
        if recorded is not None and recorded.orphaned():
            each.down()
