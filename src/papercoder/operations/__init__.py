"""What a command does: generate, revise, repair, preview, estimate."""
