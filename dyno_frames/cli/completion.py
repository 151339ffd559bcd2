"""``dyno-frames completion``: complete commands, options, columns and statuses in bash, zsh and fish."""

from __future__ import annotations

import os

import click
from click.shell_completion import CompletionItem, get_completion_class, shell_complete

from dyno_frames.contract.resources import RESOURCES

NAME = "dyno-frames"
_VARIABLE = "_DYNO_FRAMES_COMPLETE"
"""Set by the completion script when a shell asks for completions."""

EXAMPLE = """\b
Add one line to the start-up file of your shell:
  ~/.bashrc                   eval "$(dyno-frames completion bash)"
  ~/.zshrc, after compinit    eval "$(dyno-frames completion zsh)"
  ~/.config/fish/config.fish  dyno-frames completion fish | source
"""


@click.command(epilog=EXAMPLE)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, *, shell: str) -> None:
    """Print the script that makes SHELL complete commands, options, columns and statuses."""
    kind = get_completion_class(shell)
    if kind is not None:
        script = kind(context.find_root().command, {}, NAME, _VARIABLE).source()
        # click's script for fish cuts a completion at its commas, which a list of columns has
        click.echo(script.replace('string split ","', 'string split --max 1 ","'))


def completed(program: click.Command) -> int | None:
    """Answer a shell that asks for completions and return the exit code; None if no shell asks."""
    instruction = os.environ.get(_VARIABLE)
    return shell_complete(program, {}, NAME, _VARIABLE, instruction) if instruction else None


def column_names(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the columns that continue a comma-separated list; they are not offered twice."""
    given, comma, begun = incomplete.rpartition(",")
    # before an option has its value, click keeps the arguments unparsed
    typed = [RESOURCES[name] for name in (context.params.get("resource"), *context.args) if name in RESOURCES]
    resources = typed[:1] or list(RESOURCES.values())
    names = dict.fromkeys(name for resource in resources for name in resource.names)
    return [
        CompletionItem(f"{given}{comma}{name}")
        for name in names
        if name.startswith(begun) and name not in given.split(",")
    ]
