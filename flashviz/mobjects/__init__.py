"""What stands on the stage: drawn from layout's rectangles in the theme's colours, moved by the director."""
