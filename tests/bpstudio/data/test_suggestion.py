import pytest

from bpstudio.data.errors import DataError
from bpstudio.data.preparation import Preparation, advise, prepare, suggest
from bpstudio.data.readers import read_table


def table(text):
    return read_table(text.encode(), "t.csv")


def numbered(line, rows=30):
    head, form = line
    return table(head + "\n" + "".join(form(i) + "\n" for i in range(rows)))


@pytest.mark.parametrize(
    ("text", "inputs", "target", "task"),
    [
        ("a,b,c\n1,2,u\n3,4,v\n5,6,w\n7,8,u\n", ("a", "b"), "c", "classes"),
        ("a,b,c\n1,2,u\n3,4,v\n5,6,v\n7,8,u\n", ("a", "b"), "c", "binary"),
        ("a,b,c\n1,2,yes\n3,4,no\n", ("a", "b"), "c", "binary"),
        ("a,b,c\n1,2,3\n4,5,7\n", ("a", "b"), "c", "regression"),
        ("species,b,c\nu,2,3\nv,5,7\nu,2,4\nw,1,1\n", ("b", "c"), "species", "classes"),
        ("a,b,name\n1,2,ann\n3,5,bob\n", ("a",), "b", "regression"),
        ("id,a,b\n1,2,3\n2,5,7\n", ("a",), "b", "regression"),
        ("k,a,b\n7,2,3\n7,5,7\n", ("a",), "b", "regression"),
    ],
)
def test_the_first_choice(text, inputs, target, task):
    choices = suggest(table(text))
    assert (choices.inputs, choices.targets, choices.task) == (inputs, (target,), task)


def test_a_first_choice_does_nothing_to_the_numbers():
    choices = suggest(table("income,age,y\n90000,30,1.5\n80000,,2.5\n"))
    assert not choices.scaling
    assert not choices.impute
    assert not choices.kinds


def test_numbered_classes_are_seen_by_name_and_form():
    form = ("x,class", lambda i: f"{i}.5,{i % 3}")
    assert suggest(numbered(form)).task == "classes"
    assert suggest(numbered(("x,y2", form[1]))).task == "regression"
    assert suggest(numbered(("x,class", lambda i: f"{i}.5,{i % 3}.5"))).task == "regression"
    assert suggest(numbered(("x,class", lambda i: f"{i}.5,{i}"))).task == "regression"


def test_small_tables_keep_all_their_rows_for_training():
    form = ("x,c", lambda i: f"{i}.5,{'uvw'[i % 3]}")
    assert suggest(numbered(form, 19)).validation == 0
    some = suggest(numbered(form, 20))
    assert (some.validation, some.stratified, some.shuffle) == (0.2, True, True)


def test_a_table_without_anything_to_learn():
    with pytest.raises(DataError, match=r"t\.csv has no column that could be learned.* Check the separator"):
        suggest(table("a;b\nx;1\ny;1\nz;1\n"))
    with pytest.raises(DataError, match=r"t\.csv has no column to learn b from"):
        suggest(table("a,b\nx,1\ny,2\nz,3\n"))


# Advice


def advice(text, choices):
    return advise(table(text), choices)


def test_gaps_are_offered_to_be_filled_or_dropped_and_each_offer_works():
    text = "a,b,y\n1,u,1\n,v,2\n3,,3\n5,u,4\n7,u,\n"
    choices = Preparation(("a", "b"), ("y",), kinds={"b": "category"})
    found = [each for each in advice(text, choices) if "no value" in str(each.words)]
    assert [str(each.words) for each in found] == [f"{name} has no value in 1 of 5 rows" for name in "aby"]
    assert [len(each.offers) for each in found] == [4, 2, 1]
    for each in found:
        choices = each.offers[0].preparation.replace(impute={**choices.impute, **each.offers[0].preparation.impute})
    assert prepare(table(text), choices).rows == 4


def test_inputs_of_different_size_are_offered_to_be_standardised():
    text = "age,income,y\n30,90000,0\n40,80000,1\n50,70000,0.5\n"
    choices = Preparation(("age", "income"), ("y",))
    (found,) = advice(text, choices)
    assert str(found.words) == "the inputs differ in size: age is around 40, income around 8e+04"
    taken = found.offers[0].preparation
    assert dict(taken.scaling) == {"age": "standardize", "income": "standardize"}
    assert advice(text, taken) == ()
    assert prepare(table(text), taken).x.std(axis=0) == pytest.approx(1)


def test_a_single_input_is_not_compared_with_itself():
    text = "year,y\n1990,0\n2000,1\n2010,0.5\n"
    (found,) = advice(text, Preparation(("year",), ("y",)))
    assert str(found.words) == "year is around 2e+03: inputs far from 0 learn slowly and need a tiny rate"
    assert dict(found.offers[0].preparation.scaling) == {"year": "standardize"}
    assert str(found.offers[0].words) == "standardise year"


def test_small_numbers_need_no_advice():
    assert advice("a,b,y\n0.1,-1.2,0\n0.5,0.7,1\n0.9,2,0.5\n", Preparation(("a", "b"), ("y",))) == ()


def test_a_constant_input_is_allowed_and_told():
    text = "k,a,y\n7,1,0\n7,2,1\n7,1,0.5\n"
    choices = Preparation(("k", "a"), ("y",))
    assert prepare(table(text), choices).x[:, 0].tolist() == [7, 7, 7]
    found = next(each for each in advice(text, choices) if each.column == "k")
    assert "the same in every row" in str(found.words)
    assert found.offers[0].preparation.inputs == ("a",)


def test_a_constant_text_is_one_input_that_is_always_1():
    text = "k,a,y\nx,1,0\nx,2,1\nx,1,0.5\n"
    data = prepare(table(text), Preparation(("k", "a"), ("y",)))
    assert data.input_names == ("k=x", "a")
    assert data.x[:, 0].tolist() == [1, 1, 1]


def test_a_target_out_of_reach_of_a_sigmoid_is_told():
    text = "a,y\n1,100\n2,300\n1,200\n"
    (found,) = advice(text, Preparation(("a",), ("y",)))
    assert "a sigmoid output reaches 0 to 1 only" in str(found.words)
    assert [dict(offer.preparation.scaling) for offer in found.offers] == [{"y": "standardize"}, {"y": "range"}]


def test_columns_of_pixels_are_a_picture_scaled_together_only_when_chosen():
    names = [f"pixel{i}" for i in range(9)]
    text = (
        ",".join([*names, "digit"])
        + "\n"
        + "".join(",".join([str((i * k) % 17 if k else 0) for k in range(9)] + [str(i % 2)]) + "\n" for i in range(12))
    )
    choices = suggest(table(text))
    assert choices.inputs == tuple(names)
    assert choices.image == (3, 3)
    plain = prepare(table(text), choices)
    assert plain.x.max() == 16
    (found,) = advise(table(text), choices)
    data = prepare(table(text), found.offers[0].preparation)
    assert data.input_shape == (3, 3)
    assert data.x.tolist() == (plain.x / 16).tolist()
    assert advise(table(text), found.offers[0].preparation) == ()
