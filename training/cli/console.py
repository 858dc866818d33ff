"""Where commands write what is meant for people: standard error."""

from rich.console import Console

console = Console(stderr=True)
