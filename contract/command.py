"""What the commands add to click: errors on one line that name the source of a value, and help in sections."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, ClassVar, TypeVar

import click
from click.core import ParameterSource

from contract.errors import visible
from contract.version import installed_version

T = TypeVar("T", int, float)
OTHER = "Options"
"""The section of the options that belong to no other."""


class CommandOption(click.Option):
    """An option in a section of the help."""

    def __init__(self, names: Sequence[str], section: str = OTHER, **settings: Any) -> None:
        super().__init__(names, **settings)
        self.section = section

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Return the source of the value, as errors name it."""
        given = ctx and ctx.get_parameter_source(self.name)
        return str(self.envvar) if given is ParameterSource.ENVIRONMENT else self.opts[0]

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        """Handle the value. Rejects the name of an option, which click would take: `--json $UNSET --strict`."""
        names = {name for each in ctx.command.get_params(ctx) for name in (*each.opts, *each.secondary_opts)}
        value = opts.get(self.name)
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and text.startswith("-") and text.partition("=")[0] in names:
                ctx.set_parameter_source(self.name, ParameterSource.COMMANDLINE)
                if not ctx.resilient_parsing:
                    raise click.BadParameter(f"{text} is an option; give {self.make_metavar(ctx)}", ctx, self)
        return super().handle_parse_result(ctx, opts, args)


class SectionedCommand(click.Command):
    """A command whose help has its options in their sections."""

    about: ClassVar[Mapping[str, str]] = {}
    """The text at the beginning of a section."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for each in self.get_params(ctx):
            if isinstance(each, click.Option) and (record := each.get_help_record(ctx)):
                sections.setdefault(getattr(each, "section", OTHER), []).append(record)
        for section, records in sections.items():
            with formatter.section(section):
                if text := self.about.get(section):
                    formatter.write_text(text)
                    formatter.write_paragraph()
                formatter.write_dl(records)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)


def invoke(command: click.Command, arguments: Sequence[str] | None, obj: object = None) -> Any:
    """Return what the callback of a command returns; or, if there is nothing left to do, the exit code."""
    stdout = sys.stdout
    try:
        return command.main(arguments, command.name, standalone_mode=False, obj=obj)
    except click.UsageError as error:
        complain(f"{error.ctx.command_path if error.ctx else command.name}: {explained(error)}")
        return error.exit_code
    except OSError as error:  # the disk with the help is full
        complain(f"{command.name}: {error.strerror or error}")
        return 2
    except click.Abort:  # what click makes of it
        raise KeyboardInterrupt from None
    except SystemExit:
        if sys.stdout is stdout:
            raise
        return 0  # click has replaced it, since the reader of the help or the version has closed it


def explained(error: click.UsageError) -> str:
    """Return the text of an error: where the value was given, what is wrong, and what to do."""
    if isinstance(error, click.BadParameter) and error.param:
        return f"{error.param.get_error_hint(error.ctx)}: {error.message}"
    message = error.format_message()
    if isinstance(error, click.NoSuchOption | click.NoSuchCommand) and not error.possibilities:
        return f"{message} See --help."
    return message


class FileName(click.Path):
    """The type of an option that takes the name of a file."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path. Rejects what a path would make another name of: `http:/x` of a URL, `.` of no name."""
        text = str(value)
        if "://" in text:
            self.fail(f"{text!r} is a URL; save it in a file, and give the name of that file", param, ctx)
        if text in {"", "-"}:
            self.fail(f"{text!r} is not the name of a file", param, ctx)
        return super().convert(value, param, ctx)


def number(what: str, least: T, most: T) -> Callable[[Any], T]:
    """Return the type of an option that takes a number from `least` to `most`, both included."""

    def read(text: Any) -> T:
        try:
            value = type(least)(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:  # nan is neither
            raise ValueError(f"{text!r} is not {what} from {least} to {most}")
        return value

    return read


def _print_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        click.echo(f"{ctx.command_path} {installed_version()}")
        ctx.exit()


def version_option() -> CommandOption:
    """Return the option `--version`."""
    text = "Show the version and exit."
    return CommandOption(
        ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help=text
    )


def examples(text: str) -> str:
    """Return the end of a help, whose lines click would join otherwise."""
    return f"\b\n{text}"


def printable(text: str, stream: IO[str]) -> str:
    """Return `text` with escapes for control characters, except line breaks, and for what the stream cannot encode."""
    if text.isascii() and text.isprintable():
        return text
    escaped = "\n".join(map(visible, text.split("\n")))
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return escaped.encode(encoding, "backslashreplace").decode(encoding)


def tell(text: str) -> None:
    """Print to stdout and flush, so that the program that started the command can read it at once."""
    click.echo(printable(text, sys.stdout))


def complain(text: str) -> None:
    """Print to stderr, if it can be written: the exit code says that something is wrong, too."""
    with contextlib.suppress(OSError):
        click.echo(printable(text, sys.stderr), err=True)
