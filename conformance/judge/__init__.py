"""Judges responses. Judgement only: nothing here sends a request."""
