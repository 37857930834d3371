"""Judging responses. Nothing here sends a request."""
