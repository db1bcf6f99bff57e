"""A renderer process with a stand-in for the engine: what a render does is said in its values.

Run as a program, it is the real supervisor with its real workers; only the templates are missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steersman.core.chart.errors import ChartError
from steersman.core.manifest.errors import ManifestError
from steersman.core.manifest.model import Hook, Manifest
from steersman.core.render.model import ChartInfo, Rendered, RenderRequest
from steersman.core.template.errors import Place, TemplateError
from steersman.core.values.errors import ValuesError
from steersman.core.yaml.errors import YAMLError
from steersman.rendering.session import LookupCall
from steersman.rendering.worker import serve

SECRET = "hunter2"


class AnotherChartError(ChartError):
    """A class that the table of errors does not hold."""


ERRORS = {
    "template": TemplateError("execution error", Place("web/templates/a.yaml", 3, 7, "{{ fail }}\n   ^")),
    "template-nowhere": TemplateError("no place"),
    "yaml": YAMLError("yaml: line 3: oops", line=4),
    "manifest": ManifestError("no kind", path="web/templates/a.yaml", hint="add one"),
    "values": ValuesError("no map"),
    "subclass": AnotherChartError("bad chart"),
}


@dataclass
class Chart:
    archive: bytes
    fresh: bytes | None


class StandIn:
    """Obeys the values."""

    def __init__(self) -> None:
        self.loads = 0
        self.kept: list[bytearray] = []

    def load(self, archive: bytes, compiled: bytes | None) -> Chart:
        self.loads += 1
        fresh = b"compiled " + archive
        return Chart(archive, None if compiled == fresh else fresh)

    def compiled(self, chart: Chart) -> bytes | None:
        fresh, chart.fresh = chart.fresh, None
        return fresh

    def render(self, chart: Chart, request: RenderRequest, lookup: LookupCall) -> Rendered:
        return getattr(self, f"do_{request.values['do']}")(chart, request.values, lookup)

    def do_report(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        return rendered( pid=os.getpid(), loads=self.loads, environment=dict(os.environ), folder=str(Path.cwd()),
            descriptors=open_descriptors(), modules=sorted(name for name in sys.modules if "." not in name),
        )  # fmt: skip

    def do_text(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        text = values["text"] * values.get("times", 1)
        manifest = Manifest("web/templates/a.yaml", text, "ConfigMap", {"data": {"text": text, "n": [1, 1.0, None]}})
        hook = Hook("web/templates/b.yaml", text, "Job", "b", ("pre-install",), -5, (), (), {"kind": "Job"})
        info = ChartInfo("web", "1.0.0", "2", {"name": "web"}, {"a": 1})
        return Rendered(info, text, (manifest,), (hook,), text, (), ("a warning",))

    def do_bytes(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        return rendered(text=b"a\xff\xfeb".decode(errors="surrogateescape"))

    def do_fail(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        raise ERRORS[values["error"]]

    def do_bug(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        return {}[SECRET]

    def do_spin(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        while True:
            try:
                while True:
                    pass
            except Exception:
                pass

    def do_compute_in_c(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        return rendered(total=sum(range(10**14)))

    def do_sleep(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        time.sleep(1000)
        return rendered()

    def do_sleep_in_c(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGPROF})
        time.sleep(1000)
        return rendered()

    def do_allocate(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        held = []
        while True:
            held.append("x" * 1_000_000)

    def do_recurse(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        return self.do_recurse(chart, values, lookup)

    def do_wear(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        self.kept.append(bytearray(b"x") * 110_000_000)
        return rendered()

    def do_kill(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        os.kill(os.getpid(), values["signal"])
        return rendered()

    def do_exit(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        os._exit(values["code"])

    def do_garbage(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        for descriptor in open_sockets():
            os.write(descriptor, bytes.fromhex(values["bytes"]))
        os._exit(0)

    def do_write(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        try:
            Path(values["path"]).write_text("x")
        except OSError as error:
            return rendered(errno=error.errno)
        return rendered()

    def do_lookup(self, chart: Chart, values: dict[str, Any], lookup: LookupCall) -> Rendered:
        return rendered(found=[lookup("v1", "Secret", "ns", name) for name in values["names"]])


def rendered(**notes: Any) -> Rendered:
    """A render whose notes say something."""
    return Rendered(ChartInfo("web", "1.0.0", "", {}, {}), "", (), (), json.dumps(notes, ensure_ascii=False))


def open_descriptors() -> list[int]:
    """What is open besides the standard streams."""
    return [number for number in range(3, 64) if Path(f"/proc/self/fd/{number}").is_symlink()]


def open_sockets() -> list[int]:
    return [number for number in range(64) if is_socket(number)]


def is_socket(number: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:
        return False


def digest(chart: bytes) -> str:
    return f"sha256:{hashlib.sha256(chart).hexdigest()}"


if __name__ == "__main__":
    serve(Path(sys.argv[sys.argv.index("--socket") + 1]), StandIn(), stay_with_parent="--stay-with-parent" in sys.argv)
