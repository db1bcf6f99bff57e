"""Go's text/template as Helm uses it, compiled to Python. Start reading at `environment.py`.

Source to text, one file a step: `lexer` (tokens), `parser` over `pipelines` (trees of `nodes`, `numbers` for literals),
`scope` (which variable is meant), `compiler` over `expressions` and `variables` (Python source, kept in order by
`generator`; `inline` for functions that need no call), `compiled` (what can be stored), `runtime` (one render) with
`reflect` (values that are no plain maps). Functions: `builtins` (Go's), `helm_functions` (bound to a render), `funcs`
(all others). When something fails: `debug` (places), `errors`, `report` (Helm's text).
"""
