from hypothesis import settings

# The first table of a run imports Polars, which takes longer than an example may by default.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
