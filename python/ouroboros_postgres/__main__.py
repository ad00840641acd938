"""The command line: ``python -m ouroboros_postgres local``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ouroboros_postgres.local import _command

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m ouroboros_postgres")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    _command.add_parser(commands)
    chosen = parser.parse_args(arguments)
    status: int = chosen.run(chosen)
    return status


if __name__ == "__main__":
    sys.exit(main())
