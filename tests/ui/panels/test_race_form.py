"""Who races: a range of rates, and what each kind of race changes."""

import pytest
from PyQt6.QtWidgets import QApplication

import bpstudio
from bpstudio.training.race import Race
from ui.panels import edits
from ui.panels.plain import PlainError
from ui.panels.race_form import INITIALIZER, OPTIMIZER, RATE, SEED, RaceForm, geometric


def test_a_range_of_rates_is_geometric() -> None:
    assert geometric(0.0625, 2.0, 6) == [0.0625, 0.125, 0.25, 0.5, 1.0, 2.0]
    assert geometric(1.0, 0.01, 3) == [1.0, 0.1, 0.01]
    with pytest.raises(PlainError, match="above 0"):
        geometric(0.0, 1.0, 3)
    with pytest.raises(PlainError, match="2 to 16"):
        geometric(0.1, 1.0, 17)


@pytest.fixture
def form(qapp: QApplication) -> RaceForm:
    made = RaceForm(lambda: None)
    made.show_frame(FRAME)
    return made


FRAME = bpstudio.load_lesson("iris").session().frame()


def vary(form: RaceForm, what: str) -> None:
    form.varied.show_value(what)
    form.varied.activated.emit(form.varied.currentIndex())


def test_only_what_is_asked_for_differs(form: RaceForm) -> None:
    experiment = FRAME.experiment
    entrants = form.entrants(FRAME)
    assert [entrant.experiment.optimizer.rate for entrant in entrants] == [
        experiment.optimizer.rate * factor for factor in (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
    ]
    assert all(entrant.experiment.replace(optimizer=experiment.optimizer) == experiment for entrant in entrants)
    assert all(entrant.start is FRAME.start for entrant in entrants), "rates race from the same start"
    vary(form, SEED)
    entrants = form.entrants(FRAME)
    assert [entrant.experiment.seed - experiment.seed for entrant in entrants] == list(range(8))
    assert all(entrant.start is None for entrant in entrants), "seeds draw starts of their own"
    vary(form, INITIALIZER)
    entrants = form.entrants(FRAME)
    rules = [{layer.initializer.weights for layer in entrant.experiment.network.layers} for entrant in entrants]
    assert all(len(rule) == 1 for rule in rules)
    assert len(entrants) == 4
    vary(form, OPTIMIZER)
    entrants = form.entrants(FRAME)
    assert experiment in [entrant.experiment for entrant in entrants], "the present one is among them, untouched"
    vary(form, RATE)
    assert len(form.entrants(FRAME)) == 6, "what was there before is there again"


def test_a_start_of_another_shape_is_drawn_anew(form: RaceForm) -> None:
    session = bpstudio.load_lesson("iris").session()
    session.run(1)
    session.apply(edits.with_new_layer(session.experiment, "dropout"))
    frame = session.frame()
    form.show_frame(frame)
    entrants = form.entrants(frame)
    race = Race([each.experiment for each in entrants], frame.dataset, [each.start for each in entrants])
    race.run(1)
    assert race.step_number == 1


def test_epochs_are_counted_in_steps(form: RaceForm) -> None:
    assert form.unit.currentData() == "epochs"
    assert form.steps(FRAME) == int(form.length.value) * FRAME.steps_per_epoch
    form.unit.show_value("steps")
    assert form.steps(FRAME) == form.length.value
