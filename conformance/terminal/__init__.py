"""A run on the terminal: what it will do, its progress and its result, failures last and in full."""

from conformance.terminal.finding import PatientConsole
from conformance.terminal.report import Detail, TerminalReport, show

__all__ = ["Detail", "PatientConsole", "TerminalReport", "show"]
