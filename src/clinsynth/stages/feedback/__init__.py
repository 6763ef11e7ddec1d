"""Parts of a distillation: the model's answers, and what a judge says of them."""
