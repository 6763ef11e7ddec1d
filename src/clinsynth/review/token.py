"""The token without which nobody reads a review page that others can reach."""

from __future__ import annotations

TOKEN = "CLINSYNTH_REVIEW_TOKEN"
"""The variable by which the page, which Streamlit runs, gets it; empty where the page is of this machine alone."""
