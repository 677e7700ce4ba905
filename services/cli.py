"""`hutong`: every act of an operator, one command group a noun."""

import typer

from services.commands import migrations, processes

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
app.add_typer(migrations.app, name="migrations")
app.command("serve")(processes.serve)
app.command("work")(processes.work)


def main() -> None:
    app()


if __name__ == "__main__":
    main()
