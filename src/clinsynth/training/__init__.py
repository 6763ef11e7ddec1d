"""Fine-tuning with Lightning; knows no task."""
