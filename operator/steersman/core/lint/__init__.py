"""What may be wrong with a chart: Helm's lint rules, and checks of our own beside them.

`run.lint_chart` is the entry; a file for each group of checks, each taking data and giving findings. Called by
`cli.lint`, which reads the files. `docs/lint.md` lists every check.
"""
