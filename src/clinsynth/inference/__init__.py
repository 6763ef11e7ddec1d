"""A trained model reads texts of any length, from files of any size; knows no task."""
