"""Exports for other programs: one file for each format, found by walking this folder."""
