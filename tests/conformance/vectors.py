"""Compare with the vectors: what the real Helm answered to thousands of small questions.

`python tests/conformance/vectors.py DIR [-v] [--topic NAME]…` evaluates every `*.jsonl` of a folder in the form its
README describes and prints `N passed, N failed` last. `test_vectors.py` runs the same in pytest.
"""

from __future__ import annotations

import argparse
import atexit
import base64
import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "operator"), str(Path(__file__).resolve().parents[1])]

from conformance.cases import Outcome, helms_words, report

from steersman.cli.impure import real_effects
from steersman.cli.main import run
from steersman.core.chart.chartfile import decode_metadata, parse_metadata
from steersman.core.chart.documents import load_values
from steersman.core.chart.ignore import parse_ignore
from steersman.core.chart.loader import load_files
from steersman.core.chart.metadata import Metadata
from steersman.core.chart.model import Chart, ChartFile
from steersman.core.golang.types import from_bytes, to_bytes
from steersman.core.manifest.order import INSTALL_ORDER, UNINSTALL_ORDER
from steersman.core.manifest.parse import sort_manifests
from steersman.core.render.capabilities import default_capabilities
from steersman.core.render.compiled import CompiledChart
from steersman.core.render.engine import Prepared, RenderOptions, prepare, render_files
from steersman.core.render.model import Capabilities, ReleaseInfo, RenderRequest
from steersman.core.template.environment import Environment
from steersman.core.values.errors import ValuesError
from steersman.core.values.set_syntax import set_files, set_json, set_literal, set_strings, set_values
from steersman.errors import SteersmanError

Case = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What one case gave, as text to compare: JSON with sorted keys, or the error."""

    text: str

    @classmethod
    def of_json(cls, value: Any) -> Answer:
        return cls(canonical(value))


def canonical(value: Any) -> str:
    """JSON text by which values compare: numbers as floats, keys sorted."""
    plain = json.loads(json.dumps(value), parse_int=_number, parse_float=_number)
    return json.dumps(plain, sort_keys=True, indent=1, ensure_ascii=False)


@contextlib.contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Set environment variables for a while."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def utc() -> contextlib.AbstractContextManager[None]:
    """Be in the time zone of the vectors."""
    return environment(TZ="UTC")


def _number(text: str) -> float:
    return float(text) + 0.0  # JSON as Python reads it has no minus zero among integers


def read_cases(folder: Path, topics: Iterable[str] = ()) -> Iterator[tuple[str, Case]]:
    """Topic and case, of all files or of the named topics."""
    wanted = set(topics)
    for path in sorted(folder.glob("*.jsonl")):
        if not wanted or path.stem in wanted:
            for line in path.read_text().rstrip("\n").split("\n"):
                yield path.stem, json.loads(line)


def evaluate(topic: str, case: Case) -> Outcome:
    """Run one case."""
    start = time.perf_counter()
    try:
        got = EVALUATORS[case["kind"]](case).text
    except SteersmanError as error:
        got = f"error: {to_bytes(error.message).decode('utf-8', 'replace')}"
    except Exception as error:  # the report goes on with the next case
        got = f"crash: {type(error).__name__}: {error}"
    return Outcome(case["id"], topic, wanted_text(case), got, time.perf_counter() - start)


def wanted_text(case: Case) -> str:
    """What the case wants, in the form of `Answer.text`."""
    if "error" in case:
        return f"error: {case['error']}"
    if case["kind"] == "render":
        return from_bytes(base64.b64decode(case["want_b64"])) if "want_b64" in case else str(case["want"])
    if case["kind"] == "cli":
        return cli_text(case["want"], case["stderr"], case["exit"])
    if case["kind"] == "strvals":
        return canonical({"values": case["want"], "types": case.get("types", {})})
    return canonical(case["want"])


def render_case(case: Case) -> Answer:
    environment = case_environment(lint=case.get("lint", False), strict=case.get("strict", False))
    chart = Chart(metadata=case_metadata(case), templates=tuple(case_templates(case)), files=tuple(case_files(case)))
    files = render_files(prepare_case(chart, case), CompiledChart(environment), real_effects())
    return Answer(files[f"{chart.name}/templates/t.yaml"])


@cache
def case_environment(*, lint: bool, strict: bool) -> Environment:
    return Environment(lint=lint, strict=strict)


def prepare_case(chart: Chart, case: Case) -> Prepared:
    request = RenderRequest("", case_values(case), case_release(case), case_capabilities(case))
    return prepare(chart, request, RenderOptions())


def case_metadata(case: Case) -> Metadata:
    if "chart_yaml" in case:
        return parse_metadata(decode_metadata(case["chart_yaml"].encode(), "Chart.yaml"))
    return Metadata(
        name="t",
        version="0.1.0",
        api_version="v2",
        app_version="1.2.3",
        description="test chart",
        type="application",
    )


def case_templates(case: Case) -> Iterator[ChartFile]:
    yield ChartFile("templates/t.yaml", case["template"].encode())
    for name, text in case.get("templates", {}).items():
        yield ChartFile(name, text.encode())


def case_files(case: Case) -> Iterator[ChartFile]:
    files = {name: text.encode() for name, text in case.get("files", {}).items()}
    files |= {name: base64.b64decode(text) for name, text in case.get("files_b64", {}).items()}
    for name in sorted(files):
        yield ChartFile(name, files[name])


def case_values(case: Case) -> dict[str, Any]:
    text = case["values_yaml"] if "values_yaml" in case else json.dumps(case.get("values", {}), ensure_ascii=False)
    values = load_values(text.encode())
    for assignment in case.get("set", ()):
        set_values(values, assignment)
    return values


def case_release(case: Case) -> ReleaseInfo:
    given = case.get("release", {})
    is_upgrade = given.get("IsUpgrade", False)
    return ReleaseInfo(
        name=given.get("Name", "rel"),
        namespace=given.get("Namespace", "ns"),
        revision=given.get("Revision", 1),
        is_install=not is_upgrade,
        is_upgrade=is_upgrade,
    )


def case_capabilities(case: Case) -> Capabilities:
    return default_capabilities(case.get("kube_version", ""), tuple(case.get("api_versions", ())))


def coalesce_case(case: Case) -> Answer:
    chart = load_files({file.name: file.data for file in case_files(case)})
    try:
        prepared = prepare_case(chart, case)
    except ValuesError as error:
        # The command adds where it happened; the vectors were taken below it.
        raise ValuesError(error.message.removeprefix("chart dependencies processing failed: ")) from error
    seen = {context.path: context.root["Values"] for context in prepared.contexts if not context.chart.is_library}
    return Answer.of_json(seen)


def strvals_case(case: Case) -> Answer:
    values = load_values(json.dumps(case.get("base", {}), ensure_ascii=False).encode())
    for text in case["args"]:
        if case["op"] == "set-json":
            values = set_json(values, text)
        else:
            strvals_operations(case)[case["op"]](values, text)
    return Answer.of_json({"values": values, "types": number_types(values)})


def strvals_operations(case: Case) -> dict[str, Callable[[dict[str, Any], str], None]]:
    def read(name: str) -> str:
        if name not in case.get("files", {}):
            raise ValuesError(f"open {name}: no such file or directory")
        return str(case["files"][name])

    return {
        "set": set_values,
        "set-string": set_strings,
        "set-literal": set_literal,
        "set-file": lambda values, text: set_files(values, text, read),
    }


def number_types(value: Any, path: str = "") -> dict[str, str]:
    """Path → Go type of each number."""
    if isinstance(value, dict):
        return {key: kind for name, item in value.items() for key, kind in number_types(item, f"{path}/{name}").items()}
    if isinstance(value, list):
        return {key: kind for i, item in enumerate(value) for key, kind in number_types(item, f"{path}/{i}").items()}
    if isinstance(value, bool) or not isinstance(value, int | float):
        return {}
    return {path: "float64" if isinstance(value, float) else value.go_type}


def sort_case(case: Case) -> Answer:
    order = UNINSTALL_ORDER if case.get("order") == "uninstall" else INSTALL_ORDER
    hooks, manifests = sort_manifests(case["files"], lambda _: None, order)
    return Answer.of_json(
        {
            "hooks": [
                {
                    "name": hook.name,
                    "kind": hook.kind,
                    "path": hook.path,
                    "events": hook.events,
                    "weight": hook.weight,
                    "delete_policies": hook.delete_policies,
                    "output_log_policies": hook.output_log_policies,
                    "manifest": hook.text,
                }
                for hook in hooks
            ],
            "manifests": [
                {"name": manifest.path, "kind": manifest.kind, "content": manifest.text} for manifest in manifests
            ],
        }
    )


def ignore_case(case: Case) -> Answer:
    rules = parse_ignore(case["ignore"])
    return Answer.of_json(
        {path: rules.ignores(path.removesuffix("/"), is_folder=path.endswith("/")) for path in case["paths"]}
    )


def cli_case(case: Case) -> Answer:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        for file in case_files(case):
            path = folder / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.data)
        out, err, code = run_cli([case["op"], *case["args"]], folder)
    return Answer(cli_text(out.replace(str(folder), "$DIR"), helms_words(err.replace(str(folder), "$DIR")), code))


def cli_text(out: str, err: str, code: int) -> str:
    """Exit code, standard error without what only `--debug` logs, standard output."""
    kept = [line for line in err.splitlines() if not line.startswith("level=DEBUG")]
    return "\n".join([f"exit {code}", *kept, "--- standard output", out])


def run_cli(arguments: list[str], folder: Path) -> tuple[str, str, int]:
    """Run a command in a folder, away from the user's cache: standard output, standard error, exit code."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape", write_through=True) for _ in range(2)]
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(folder))
        stack.enter_context(environment(XDG_CACHE_HOME=cache_folder()))
        stack.enter_context(contextlib.redirect_stdout(streams[0]))
        stack.enter_context(contextlib.redirect_stderr(streams[1]))
        code = run(arguments)
    out, err = (stream.buffer.getvalue().decode("utf-8", "surrogateescape") for stream in streams)  # type: ignore[attr-defined]
    return out, err, code


@cache
def cache_folder() -> str:
    """A cache for this process, gone with it."""
    folder = tempfile.mkdtemp(prefix="steersman-conformance-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


EVALUATORS: dict[str, Callable[[Case], Answer]] = {
    "render": render_case,
    "coalesce": coalesce_case,
    "strvals": strvals_case,
    "sort": sort_case,
    "ignore": ignore_case,
    "cli": cli_case,
}


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Evaluate conformance vectors.")
    parser.add_argument("folder", type=Path, help="folder of *.jsonl files")
    parser.add_argument("-v", "--verbose", action="store_true", help="print differences")
    parser.add_argument("--topic", action="append", default=[], help="only this file (may be repeated)")
    parser.add_argument("--filter", default="", help="only ids that contain this")
    options = parser.parse_args()
    cases = read_cases(options.folder, options.topic)
    with utc():
        outcomes = [evaluate(topic, case) for topic, case in cases if options.filter in case["id"]]
    return report(outcomes, verbose=options.verbose)


if __name__ == "__main__":
    sys.exit(main())
