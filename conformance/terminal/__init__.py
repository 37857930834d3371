"""Shows a run on the terminal: what it will do, how far it is, and what came of it, failures last and in full."""

from conformance.terminal.consoles import PatientConsole
from conformance.terminal.live import TerminalReport
from conformance.terminal.report import Detail, show

__all__ = ["Detail", "PatientConsole", "TerminalReport", "show"]
