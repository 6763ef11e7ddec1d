"""Annotated texts in the formats that people keep them in: offsets are of the text as its file has it."""
