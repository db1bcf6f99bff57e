"""TOML as BurntSushi/toml reads and writes it for Helm, error texts and layout included.

`writer` prints values; `reader` walks a text (`source`) and hands what it finds to `tables`; `scalars` makes numbers
and dates. Called by the TOML functions of templates.
"""

from steersman.core.golang.gotoml.errors import TOMLError
from steersman.core.golang.gotoml.reader import load_toml
from steersman.core.golang.gotoml.writer import dump_toml

__all__ = ["TOMLError", "dump_toml", "load_toml"]
