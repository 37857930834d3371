"""The help of the command: each section of it fits a screen."""

from __future__ import annotations

import argparse

from conformance.configuration.file import FILE
from conformance.configuration.options import Option

COLUMN = 30
"""Where the explanations begin."""

USAGE = """\
respan-conformance [URL] [options]
       respan-conformance clean LEDGER [options]
       respan-conformance serve MODULE:APP"""
DESCRIPTION = """\
Check whether the server at a URL conforms to the contract. Without a URL,
check the bundled mock."""

EPILOG = f"""\
settings:
  Each option can be set in {FILE} in the current directory:
    url = "https://staging.example.com"
    strict = true
    only = ["IDM", "AUT-03"]
  Environment variables override the file: RESPAN_URL, RESPAN_STRICT.
  Options override both; --no-strict turns off what they turn on.

examples:
  respan-conformance
      check the bundled mock
  RESPAN_API_KEY=... respan-conformance https://staging.example.com/gateway
      check a system; the key does not appear in the process list
  respan-conformance http://localhost:8000 --only IDM,AUT-03 --strict
      check some requirements, and fail also on SHOULD
  respan-conformance http://localhost:8000 --write-waivers waivers.toml
      accept today's failures; later runs use --waivers waivers.toml

exit codes:
  0    conformant
  1    not conformant, or a waiver has expired
  2    wrong use: an option, a file or a key; a report could not be written
  3    the target cannot be reached, or stopped responding
  4    inconclusive, or the suite itself failed
  130  interrupted
"""

ABOUT = {
    "target": """\
Each key makes more requirements testable. Set keys in the environment
(RESPAN_API_KEY, RESPAN_OTHER_ORG_KEY, RESPAN_READ_ONLY_KEY) or in files; the
command line does not take them.""",
    "connection": """\
RESPAN_PROXY_AUTH or a file holds the proxy's USER:PASSWORD;
RESPAN_KEY_PASSPHRASE or a file holds the passphrase of the private key.""",
    "selecting": "IDS are requirements and sections, such as IDM,AUT-03; --list shows them.",
}
"""What stands at the head of a section."""


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Leaves enough room for the names of options."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=COLUMN)


def explained(option: Option) -> str:
    """What the help says of an option."""
    return f"{option.help} (repeatable)" if option.repeatable else option.help
