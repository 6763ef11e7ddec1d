"""What synthetic text is like, beside gold."""
