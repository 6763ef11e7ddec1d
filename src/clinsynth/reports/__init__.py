"""The looks of what people read: tables, figures, pages, Markdown."""
