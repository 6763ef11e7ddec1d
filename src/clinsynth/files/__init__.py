"""Formats in and out: columns, tables, sheets, JSON lines, folders of an export."""
