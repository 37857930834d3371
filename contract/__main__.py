"""`python -m contract`: validate the packaged contract, and record its digest, so that programs start faster."""

from __future__ import annotations

import sys

from contract.errors import ContractError
from contract.load import RECORD, default_file, record

if __name__ == "__main__":
    try:
        digest = record()
    except ContractError as error:
        sys.exit(str(error))
    print(f"{default_file()} is valid; {RECORD} has its digest, {digest}")  # noqa: T201 - a command prints
