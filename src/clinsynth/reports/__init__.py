"""What people read: tables, figures, cards."""
