"""Synthetic text beside gold: copies, distances, variety, and whether the two can be told apart."""
