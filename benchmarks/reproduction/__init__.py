"""What a reproduction costs beside its trials, and how early its order of trials decides claims."""
