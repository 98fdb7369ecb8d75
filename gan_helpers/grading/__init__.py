"""Judge the exercises in a folder of notebooks: python -m gan_helpers.grading NOTEBOOK..."""
