"""What a terminal sends: read without guessing, so that what a person typed is told from everything else."""
