"""Files in folders that someone else may have made: runs and repositories."""
