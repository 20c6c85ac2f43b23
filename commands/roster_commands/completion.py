"""`roster-admin completion`: what a shell needs in order to complete the commands and options of our programs."""

from __future__ import annotations

import argparse

from rich.console import Console

#: The shells, and the programs.
SHELLS = ("bash", "zsh", "tcsh")
PROGRAMS = ("roster-admin", "roster-agent", "roster")


def completion(arguments: argparse.Namespace, _out: Console, _err: Console) -> int:
    """Print the script for a shell and a program."""
    # Here, so that no other command waits for another program to be loaded.
    import shtab

    from roster_agent.cli import command_line
    from roster_commands import check

    parsers = {"roster-admin": arguments.own, "roster-agent": command_line.parser(), "roster": check.parser()}
    print(shtab.complete(parsers[arguments.program], shell=arguments.shell))
    return 0


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser], own: argparse.ArgumentParser) -> None:
    """Add the command `completion` to those of `roster-admin`, whose parser is `own`."""
    about = """Complete commands and options with the Tab key:

  bash  eval "$(roster-admin completion bash)"    in ~/.bashrc
  zsh   roster-admin completion zsh > _roster-admin    in a folder of $fpath"""
    command = commands.add_parser(
        "completion",
        help="what your shell needs to complete our commands",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("shell", choices=SHELLS)
    command.add_argument("program", nargs="?", choices=PROGRAMS, default=PROGRAMS[0])
    command.set_defaults(run=completion, own=own, stack="none")
