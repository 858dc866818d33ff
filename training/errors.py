"""What a user of the commands can mend: each error ends a command with its one line."""

from typing import Final

RECIPES: Final = "See data/recipes.md."  # how to make flights of other forms of tables


class UserError(Exception):
    """A refusal that says what is wrong and what to do."""


class DataError(UserError, ValueError):
    """A source that cannot be used, with the place of its first fault."""


class GateError(UserError):
    """A model that must not replace the serving one, or that cannot be compared with it."""
