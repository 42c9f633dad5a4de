"""What the commands do: generate, reproduce, revise, repair, preview, estimate."""
