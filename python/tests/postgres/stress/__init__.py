"""Disorder on purpose, and what must hold afterwards."""
