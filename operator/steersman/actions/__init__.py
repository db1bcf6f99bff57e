"""The short steps that install, upgrade and uninstall a release. `runner.run_step` is the way in."""
