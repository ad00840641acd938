"""Schemas of pydantic made from models."""
