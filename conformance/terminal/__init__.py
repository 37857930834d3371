"""Shows a run on the terminal: what it will do, how far it is, and what came of it, failures last and in full."""

from conformance.terminal.report import Detail, TerminalReport, show
from conformance.terminal.story import PatientConsole

__all__ = ["Detail", "PatientConsole", "TerminalReport", "show"]
