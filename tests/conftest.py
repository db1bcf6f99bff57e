"""Fixtures for the tests that need the real thing: a control plane, a registry, Helm, kubectl, the conformance data.

Tests that use one of them are marked `bench` here, so that `-m "not bench"` runs anywhere. What they run is
tools/testenv; its binaries must have been built (`make testenv-build`, or `make test`, which does it).

One control plane serves a whole run, xdist workers included: the first worker that asks for it starts it, and the
process that started the run, which outlives its workers, brings it down at the end, also when the run is interrupted.
When even that process is killed, the next run finds the remains by their owner and removes them.
"""

import os
import re
import shutil
import signal
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NoReturn

import psutil
import pytest
from testenv import namespaces
from testenv.audit import Audit
from testenv.clients import Helm, Kubectl
from testenv.instance import Instance, instances, sweep
from testenv.layout import REPOSITORY, shared_material
from testenv.processes import ProcessId
from testenv.registry import Registry, serve_registry

RUN = "STEERSMAN_TEST_RUN"
"""The name of this run: set by the process that starts it, whose pid ends it, and inherited by the workers."""
COUNTS = "STEERSMAN_TEST_COUNTS"
"""A file to append the counts to, for tools/run_tests.py, which adds up several runs."""
LOGS = REPOSITORY / ".test-logs"
KEPT_RUNS = 5
BENCH_FIXTURES = frozenset({"control_plane", "own_control_plane", "registry", "offline_helm"})
NO_SHARED = "the conformance data is not there: put it at ../shared, or point STEERSMAN_SHARED at it"


# --- fixtures -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def control_plane() -> Instance:
    """The control plane all tests of this run share. What a test makes in it goes into a namespace of its own."""
    return _start("shared")


@pytest.fixture(scope="module")
def own_control_plane(request: pytest.FixtureRequest) -> Iterator[Instance]:
    """A control plane for one module alone: for webhooks, APIServices, CRDs, and servers that get killed."""
    instance = _start(_module_name(request))
    yield instance
    instance.down()


@pytest.fixture(scope="module")
def namespace(request: pytest.FixtureRequest, control_plane: Instance) -> Iterator[str]:
    """A fresh namespace of the shared control plane, one for the module."""
    name = namespaces.create(control_plane.api, _module_name(request))
    yield name
    namespaces.remove(control_plane.api, name)


@pytest.fixture(scope="session")
def helm(control_plane: Instance, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """The real Helm against the shared control plane."""
    return Helm.at(tmp_path_factory.mktemp("helm-home"), control_plane.kubeconfig)


@pytest.fixture(scope="session")
def offline_helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """The real Helm without a cluster: create, package, push, template."""
    return Helm.at(tmp_path_factory.mktemp("helm-home"))


@pytest.fixture(scope="session")
def kubectl(control_plane: Instance, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    """The real kubectl, as the admin of the shared control plane."""
    return Kubectl.at(control_plane.kubeconfig, tmp_path_factory.mktemp("kubectl-home"))


@pytest.fixture(scope="session")
def audit(control_plane: Instance) -> Audit:
    """Counts requests to the shared control plane: `mark`, then `since`."""
    return Audit(control_plane.audit_log, control_plane.api)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """An OCI registry of this worker; it needs no control plane. `serve_registry` starts one with other settings."""
    with serve_registry(tmp_path_factory.mktemp("registry")) as serving:
        yield serving


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the conformance data."""
    folder = shared_material()
    if folder is None:
        _no_shared()
    return folder


# --- hooks ----------------------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    if _is_worker(config):
        return
    os.environ[RUN] = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    # A terminated run cleans up like an interrupted one.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before `-m` selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not BENCH_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.bench)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("conformance") is not None and shared_material() is None:
        _no_shared()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        planes = [each for each in getattr(item, "funcargs", {}).values() if isinstance(each, Instance)]
        text = "\n".join(str(path) for plane in planes for path in sorted(plane.logs.iterdir()))
        if text:
            report.sections.append(("logs of the control plane", text))
    return report


def pytest_unconfigure(config: pytest.Config) -> None:
    if _is_worker(config):
        return
    for instance in instances():
        if instance.name.startswith(_prefix()):
            instance.down()
    _print_counts(config)


# --- helpers --------------------------------------------------------------------------------------------------------


def _start(purpose: str) -> Instance:
    sweep()
    _drop_old_logs()
    instance = Instance(f"{_prefix()}-{purpose}", logs=LOGS / os.environ[RUN] / purpose)
    instance.up(owner=ProcessId.of(int(os.environ[RUN].rpartition("-")[2])))
    return instance


def _prefix() -> str:
    return f"pytest-{os.environ[RUN]}"


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _module_name(request: pytest.FixtureRequest) -> str:
    """`tests/kube/test_watch.py` → `kube-watch`: fit for an object's name, and telling for a person."""
    relative = request.path.with_suffix("").relative_to(REPOSITORY / "tests")
    return re.sub(r"[^a-z0-9]+", "-", str(relative).replace("test_", "").lower())


def _drop_old_logs() -> None:
    """Of ended runs: another run may be at work in the same checkout, its process in the name of its folder."""
    for folder in sorted(LOGS.glob("*-*-*"))[:-KEPT_RUNS]:
        if not psutil.pid_exists(int(folder.name.rpartition("-")[2])):
            shutil.rmtree(folder, ignore_errors=True)


def _no_shared() -> NoReturn:
    """Skip where people develop; fail in CI, where a skip would look like a pass."""
    if os.environ.get("CI") == "true":
        pytest.fail(NO_SHARED, pytrace=False)
    pytest.skip(NO_SHARED)


def _print_counts(config: pytest.Config) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.option.collectonly:
        return
    passed, failed, errors, skipped = (
        len(reporter.stats.get(kind, ())) for kind in ("passed", "failed", "error", "skipped")
    )
    reporter.write_line(f"{passed} passed, {failed + errors} failed, {skipped} skipped")
    if COUNTS in os.environ:
        with Path(os.environ[COUNTS]).open("a") as file:
            file.write(f"{passed} {failed + errors} {skipped}\n")
