"""The command ``roster-agent``."""

from roster_agent.cli.command_line import main

__all__ = ["main"]
