"""The function map as a whole."""

from importlib import import_module

import pytest

from steersman.core.template.environment import Environment
from steersman.core.template.funcs import FAMILIES, FunctionMap

IMPURE = {
    "ago", "bcrypt", "date", "dateInZone", "date_in_zone", "durationRound", "encryptAES", "genCA", "genCAWithKey",
    "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey", "htmlDate",
    "htmlDateInZone", "htpasswd", "mustToDate", "now", "randAlpha", "randAlphaNum", "randAscii", "randBytes", "randInt",
    "randNumeric", "shuffle", "toDate", "uuidv4",
}  # fmt: skip


def test_helms_map_is_complete() -> None:
    functions = set(Environment().functions)
    builtins = {"and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or"}
    assert builtins | {"print", "printf", "println", "slice", "urlquery"} < functions
    assert len(functions) == 251, "19 of Go and 233 of Helm, whose `slice` hides Go's"
    assert not functions & {"env", "expandenv"}, "Helm removes them: charts do not see the environment"


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_is_listed_with_all_its_names(family: str) -> None:
    table = import_module(f"steersman.core.template.funcs.{family}").TABLE
    assert sorted(FAMILIES[family].split()) == sorted(table)


def test_only_these_need_the_running_template() -> None:
    assert {name for name, function in FunctionMap().items() if function.runtime} == IMPURE


def test_every_name_registers_one_signature() -> None:
    for name, function in FunctionMap().items():
        assert function.name == name
        assert callable(function.call)
