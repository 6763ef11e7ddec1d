"""Corpora and models as folders that others can use: files, cards, and the hub."""
