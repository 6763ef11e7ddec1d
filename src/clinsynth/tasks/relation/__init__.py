"""Relation extraction: whether a sentence says that its two marked entities are related."""
