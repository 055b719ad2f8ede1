"""The command line: ``diabolo VERB [MODEL] DATA``. Nothing heavy is imported before a command runs."""

from diabolo.cli.app import main

__all__ = ["main"]
