"""Refuses secrets on command lines, which every user of a machine can read."""

from __future__ import annotations

import argparse
from typing import Any

from conformance.configuration.options import Option


def refusing(secret: Option, prefix: str = "--") -> type[argparse.Action]:
    """What a parser does with the option of a secret: it says what to do instead, and does not repeat the secret."""

    class Refused(argparse.Action):
        def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
            parser.error(
                f"{prefix}{secret.name}: a key on a command line can be read by others, and stays in histories and "
                f"logs; set {secret.environment}, or name a file that holds it with {prefix}{secret.name}-file"
            )

    return Refused
