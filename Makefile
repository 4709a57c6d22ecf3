# `make run` opens bpstudio, `make test` runs every check. Paths are relative throughout, so that the folder may have spaces.
.PHONY: run test bench soak mutations

run:
	@.ci/setup
	@.venv/bin/python -m ui

test:
	@.ci/setup dev
	@.ci/test

bench:
	@.ci/setup dev
	@.venv/bin/python tests/bench

# About two hours, one of them in the window: BPSTUDIO_SOAK_SECONDS=900 shortens that, BPSTUDIO_SOAK_SEED=2 takes another way.
soak:
	@.ci/setup dev
	@QT_QPA_PLATFORM=offscreen .venv/bin/python -m pytest -m soak tests/bpstudio tests/ui tests/journeys

mutations:
	@.ci/setup dev
	@.venv/bin/python tests/mutations
