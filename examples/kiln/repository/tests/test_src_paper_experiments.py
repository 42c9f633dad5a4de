"""Property tests of src/paper_experiments.py: what is shared by all label draws [2.1¶4]."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import src.paper_experiments as experiments


def make_config() -> dict:
    """A small synthetic problem on a complete graph, which is connected."""
    return {
        "data": {
            "synthetic": True,
            "points": 1797,
            "features": 8,
            "maximum": 16,
            "classes": 3,
            "synthetic_points": 30,
            "synthetic_noise": 3.0,
            "synthetic_seed": 0,
        },
        "model": {
            "neighbours": 29,
            "scale_neighbour": 7,
            "dimensions": 3,
            "unit_sphere": True,
            "beta": 0.2,
            "sweeps": 10,
            "start_alpha": 0.99,
            "use_neighbours": True,
            "update_prototypes": True,
            "balance": True,
            "cold_start": False,
            "baseline": {"neighbours": 29, "alpha": 0.99},
        },
        "training": {"first_temperature": 3, "last_temperature": 0.3, "temperatures": 4},
        "evaluation": {"first_seed": 0, "last_seed": 2, "std_ddof": 0, "results_file": "results.json"},
    }


def test_graph_and_embedding_are_computed_once_for_all_draws(monkeypatch):
    # R8: one graph and one embedding for several draws and numbers of labels [2.1¶4]
    calls = {"build_graph": 0, "embed": 0}

    def count(name):
        original = getattr(experiments, name)

        def counted(*arguments, **keywords):
            calls[name] += 1
            return original(*arguments, **keywords)

        monkeypatch.setattr(experiments, name, counted)

    count("build_graph")
    count("embed")
    bench = experiments.Workbench(make_config())
    assert len(bench.kiln_accuracies(bench.parameters, 1, [0, 1, 2])) == 3
    assert len(bench.kiln_accuracies(bench.parameters, 2, [0, 1])) == 2
    assert calls == {"build_graph": 1, "embed": 1}


def test_variants_on_the_same_embedding_share_it():
    # R8: a variant that changes neither graph nor embedding takes the same ones [2.1¶4]
    bench = experiments.Workbench(make_config())
    first = bench.kiln(bench.parameters)
    second = bench.kiln(replace(bench.parameters, beta=0.0, balance=False))
    assert first.graph is second.graph
    assert first.embedding is second.embedding


def test_runs_leave_graph_and_embedding_as_they_are():
    # R8: no draw changes what all draws share [2.1¶4]
    bench = experiments.Workbench(make_config())
    model = bench.kiln(bench.parameters)
    graph, embedding = model.graph.toarray(), model.embedding.copy()
    bench.kiln_accuracies(bench.parameters, 1, [0, 1, 2])
    assert np.array_equal(model.graph.toarray(), graph)
    assert np.array_equal(model.embedding, embedding)


def test_graph_and_embedding_do_not_depend_on_the_labels():
    # R8: other labels of the same points give the same graph and the same inner products of the embedding [2.1¶4]
    models = []
    for shift in (0, 1):
        bench = experiments.Workbench(make_config())
        bench.data = replace(bench.data, labels=(bench.data.labels + shift) % 3)
        models.append(bench.kiln(bench.parameters))
    assert np.array_equal(models[0].graph.toarray(), models[1].graph.toarray())
    products = [model.embedding @ model.embedding.T for model in models]
    np.testing.assert_allclose(products[0], products[1], rtol=0.0, atol=1e-12)
