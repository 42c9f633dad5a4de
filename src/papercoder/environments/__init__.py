"""The environments of generated repositories: resolved, installed, cached, and the copies that code runs in."""
