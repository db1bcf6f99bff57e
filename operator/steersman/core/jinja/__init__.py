"""Jinja2 templates of charts, with the objects and functions of Go templates. Start reading at `templates.py`.

`render.engines` decides which files come here. Jinja2 does lexing, parsing and code; ours is what keeps charts in and
gives Go's meaning to values: `rewrite` (operations that Jinja2 would leave to Python), `environment` (the sandbox),
`access` (what may be read of which object), `operators`, `values` (Python's values as Go's), `functions` (those of Go
templates), `filters` (Jinja2's own), `formatting` (`%`), `errors` (where it went wrong).

Imported when the first such chart is rendered, so that others do not pay for Jinja2.
"""
