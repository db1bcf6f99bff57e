"""Messages: what happened and what to do, on one line."""

import pytest

from steersman.core.api.text import sentences


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        pytest.param(("no such tag",), "no such tag", id="more may follow"),
        pytest.param(("no such tag", ""), "no such tag", id="no advice"),
        pytest.param(("no such tag", "push it"), "no such tag. Push it.", id="advice is a sentence"),
        pytest.param(("gone.", "Do this."), "gone. Do this.", id="no full stop twice"),
        pytest.param(("a.yaml:1:2\n  executing:\n    nil\n", "correct it"), "a.yaml:1:2 executing: nil. Correct it.",
                     id="one line"),
        pytest.param(("x", "spec.chart.url is wrong"), "x. spec.chart.url is wrong.", id="a name stays as it is"),
        pytest.param(("x", "valuesKey names it"), "x. valuesKey names it.", id="a field stays as it is"),
        pytest.param(("x", "pre-releases count, too"), "x. Pre-releases count, too.", id="hyphen"),
    ],
)  # fmt: skip
def test_sentences(texts: tuple[str, ...], told: str) -> None:
    assert sentences(*texts) == told
