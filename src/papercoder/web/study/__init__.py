"""The questionnaire of a human evaluation, answered on this machine."""
