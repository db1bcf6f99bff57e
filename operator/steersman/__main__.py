"""`python -m steersman`: hands over to `steersman.cli.main`."""

from steersman.cli.main import main

if __name__ == "__main__":
    main()
