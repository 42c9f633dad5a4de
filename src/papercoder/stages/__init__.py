"""The stages: each makes artifacts from artifacts, and none knows another."""
