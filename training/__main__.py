"""The command line: `python -m training --help`."""

import sys

import typer

from function.errors import ModelError

from .cli import data, judge, model, report
from .errors import UserError

# Help without markup: Rich, Markdown and Pygments take longer to import than all the rest.
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    *(data.count, data.score, data.bigquery),
    *(model.train, model.select),
    *(judge.gate, judge.evaluate),
    *(report.report, report.explore),
):
    app.command()(command)


def main() -> None:
    """Run a command; what the user can mend ends it with one line."""
    try:
        app()
    except (UserError, ModelError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
