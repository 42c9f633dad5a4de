"""What the commands do: generate, revise, repair, preview, estimate."""
