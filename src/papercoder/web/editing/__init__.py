"""Editing a run's artifacts: as forms or as text, with a preview of what an edit makes again."""
