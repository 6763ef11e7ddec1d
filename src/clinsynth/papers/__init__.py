"""The papers: their figures and claims, held against our runs."""
