"""Random functions: the alphabet, the length, and that the entropy handed in decides."""

import string
from collections.abc import Callable

import pytest

from steersman.core.template.funcs import random
from steersman.core.template.funcs.registry import FunctionError

from .conftest import StandIn


@pytest.mark.parametrize(
    ("function", "alphabet"),
    [
        pytest.param(random.rand_alpha, string.ascii_letters, id="randAlpha"),
        pytest.param(random.rand_alpha_num, string.ascii_letters + string.digits, id="randAlphaNum"),
        pytest.param(random.rand_numeric, string.digits, id="randNumeric"),
        pytest.param(random.rand_ascii, "".join(map(chr, range(32, 127))), id="randAscii"),
    ],
)
def test_texts(function: Callable[[StandIn, int], str], alphabet: str, runtime: StandIn) -> None:
    text = function(runtime, 200)
    assert len(text) == 200
    assert set(text) <= set(alphabet)
    assert function(runtime, 0) == function(runtime, -1) == ""


def test_the_same_entropy_gives_the_same_text() -> None:
    assert random.rand_alpha(StandIn(), 20) == random.rand_alpha(StandIn(), 20)


def test_numbers_stay_within_their_bounds(runtime: StandIn) -> None:
    assert {random.rand_int(runtime, 3, 6) for _ in range(60)} == {3, 4, 5}
    with pytest.raises(FunctionError, match=r"^invalid argument to Intn$"):
        random.rand_int(runtime, 5, 5)


def test_shuffle_keeps_the_characters(runtime: StandIn) -> None:
    shuffled = random.shuffle(runtime, "höllenlärm")
    assert sorted(shuffled) == sorted("höllenlärm")
    assert shuffled != "höllenlärm"


def test_bytes_are_base64(runtime: StandIn) -> None:
    assert random.rand_bytes(runtime, 3) == "ACVK"
    with pytest.raises(FunctionError, match="makeslice"):
        random.rand_bytes(runtime, -1)


def test_uuid_is_version_four(runtime: StandIn) -> None:
    assert random.uuidv4(runtime) == "00254a6f-94b9-4e03-a84d-7297bce1062b"
