"""Hands `python -m testenv` over to cli.main."""

import sys

from testenv.cli import main

sys.exit(main())
