"""Fine-tunes pre-trained encoders with Lightning, and reads texts of any length with them."""
