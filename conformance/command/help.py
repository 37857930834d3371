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
Check an implementation of the contract at a URL. Without a target, check the
mock that comes with it."""

EPILOG = f"""\
settings:
  Each option can stand in {FILE} of the current directory:
    url = "https://staging.example.com"
    strict = true
    only = ["IDM", "AUT-03"]
  A variable of the environment outweighs the file: RESPAN_URL, RESPAN_STRICT.
  An option outweighs both; --no-strict switches off what they switch on.

examples:
  respan-conformance
      check the bundled mock
  RESPAN_API_KEY=... respan-conformance https://staging.example.com/gateway
      check a system; the key is in no list of processes
  respan-conformance http://localhost:8000 --only IDM,AUT-03 --strict
      judge some requirements only, and SHOULD as well
  respan-conformance http://localhost:8000 --write-waivers waivers.toml
      let what fails now pass for a while, then use --waivers waivers.toml

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
Each key makes more testable. It stands in the environment (RESPAN_API_KEY,
RESPAN_OTHER_ORG_KEY, RESPAN_READ_ONLY_KEY) or in a file, never on this line.""",
    "connection": """\
The proxy's USER:PASSWORD stands in RESPAN_PROXY_AUTH, the passphrase of the
key in RESPAN_KEY_PASSPHRASE, or each in a file.""",
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
