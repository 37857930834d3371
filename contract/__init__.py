"""Reads `openapi.yaml` into typed, frozen objects.

>>> from contract import load
>>> load().upsert.key
'model_name'
"""

from contract.errors import ContractError, Problem, UnusableFileError
from contract.files import read_mapping
from contract.load import default_file, load
from contract.model import (
    Alias,
    Clause,
    Constant,
    Contract,
    FromKey,
    FromRequest,
    Inherited,
    Limits,
    LookedUp,
    Omitted,
    Operation,
    Overlaid,
    Provenance,
    Reference,
    RequestField,
    ResponseField,
    Schema,
    Source,
    Timestamp,
    Upsert,
)

__all__ = [
    "Alias",
    "Clause",
    "Constant",
    "Contract",
    "ContractError",
    "FromKey",
    "FromRequest",
    "Inherited",
    "Limits",
    "LookedUp",
    "Omitted",
    "Operation",
    "Overlaid",
    "Problem",
    "Provenance",
    "Reference",
    "RequestField",
    "ResponseField",
    "Schema",
    "Source",
    "Timestamp",
    "UnusableFileError",
    "Upsert",
    "default_file",
    "load",
    "read_mapping",
]
