"""Findings, verdicts, and the result that every report is written from."""
