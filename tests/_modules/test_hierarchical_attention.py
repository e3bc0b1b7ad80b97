"""Attention over words and sentences."""

import copy

import pytest
import torch

from sklearn_rnn._modules.hierarchical_attention import HierarchicalAttention, Sentences
from sklearn_rnn._modules.layers import Dropout
from sklearn_rnn._training.flat_parameters import is_penalized

VOCABULARY, N_OUTPUTS, HIDDEN = 12, 3, 6


def make(**parameters):
    torch.manual_seed(0)
    module = HierarchicalAttention(
        1,
        30,
        N_OUTPUTS,
        vocabulary_size=VOCABULARY,
        embedding_dim=4,
        hidden_size=HIDDEN,
        **parameters,
    ).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        module.words.embedding.weight[0] = 0.0
    return module.eval()


SIZES = [[5, 3, 1, 2], [1], [], [4, 40, 5], [2, 3], [17, 1]]  # words of each sentence


def sentences():
    generator = torch.Generator().manual_seed(1)
    return [
        [torch.randint(1, VOCABULARY, (n,), generator=generator) for n in sizes] for sizes in SIZES
    ]


def in_rows(documents, n_zeros=1, above=0, n_steps=None):
    """Documents in rows, with `above` zeros first and `n_zeros` behind each sentence."""
    rows = []
    for document in documents:
        zeros, lead = torch.zeros(n_zeros).long(), torch.zeros(above).long()
        rows.append(torch.cat([lead, *(part for s in document for part in (s, zeros))]))
    longest = n_steps or max(map(len, rows))
    return torch.stack([torch.nn.functional.pad(row, (0, longest - len(row))) for row in rows])


def pooled(layers, x):
    """Attention over the states of one sequence (steps, channels): weights and features."""
    states = layers.encode(x[None])[0]
    affine, query = layers.pooling.affine, layers.pooling.query
    scores = torch.tanh(states @ affine.weight.T + affine.bias) @ query.weight[0]
    weights = scores.exp() / scores.exp().sum()
    return weights, weights @ states


def by_hand(module, document):
    """Outputs, weights of the sentences and of the words, one sentence at a time."""
    of_words, vectors = [], []
    for sentence in document:
        weights, vector = pooled(module.words.net, module.words.embedding.weight[sentence])
        of_words.append(weights)
        vectors.append(vector)
    of_sentences, features = torch.zeros(0).double(), torch.zeros(2 * HIDDEN).double()
    if vectors:
        of_sentences, features = pooled(module.sentences, torch.stack(vectors))
    return module.head(features), of_sentences, of_words


@pytest.mark.parametrize("n_zeros", [1, 2])
@pytest.mark.parametrize("above", [0, 3])
@pytest.mark.parametrize("told", [False, True])
def test_outputs_and_weights_are_those_of_one_sentence_at_a_time(n_zeros, above, told):
    module, documents = make(), sentences()
    x, lengths = in_rows(documents, n_zeros, above, n_steps=80), None
    if told:
        sizes = [above + sum(len(s) + n_zeros for s in document) for document in documents]
        lengths = torch.tensor(sizes)
        for row, n in zip(x, sizes, strict=True):
            row[n:] = -9  # behind `lengths` there need not be tokens
    out, weights = module(x, lengths), module.attention_weights(x, lengths)
    assert weights.shape == x.shape
    for i, document in enumerate(documents):
        expected, of_sentences, of_words = by_hand(module, document)
        torch.testing.assert_close(out[i], expected, atol=1e-12, rtol=0)
        laid = [torch.zeros(above).double()]
        for s, words in enumerate(of_words):
            laid += [words, of_sentences[s : s + 1], torch.zeros(n_zeros - 1).double()]
        laid = torch.cat(laid)
        torch.testing.assert_close(weights[i, : len(laid)], laid)
        assert (weights[i, len(laid) :] == 0).all()


def test_the_words_that_are_read_are_of_the_order_of_those_that_are_there():
    module = make()
    long = torch.randint(1, VOCABULARY, (3000,), generator=torch.Generator().manual_seed(0))
    documents = [[long], [long[:1]] * 300, *([[long[:5]] * 10] * 20)]
    read = []
    module.words.embedding.register_forward_hook(lambda m, args, out: read.append(out[..., 0]))
    module(in_rows(documents))
    assert sum(map(torch.numel, read)) <= 2 * (3000 + 300 + 20 * 50) + 6 * (1 + 300 + 200)


def test_sentences_of_a_group_have_similar_sizes():
    sizes = torch.arange(1, 100)
    found = Sentences(in_rows([[torch.ones(int(n)).long() for n in sizes]]), None)
    assert torch.equal(found.sizes, sizes)
    groups = list(found.groups())
    assert torch.equal(torch.cat(groups).sort().values, torch.arange(99))
    for group in groups:
        assert sizes[group].max() <= 2 * sizes[group].min() + 6
    assert len(groups) == 4


def test_rows_do_not_depend_on_their_batch():
    module, x = make(), in_rows(sentences())
    whole = module(x)
    for i in range(len(x)):
        torch.testing.assert_close(module(x[i : i + 1])[0], whole[i], atol=1e-12, rtol=0)


def test_the_order_of_sentences_matters_and_of_words():
    module, document = make(), sentences()[0]
    first, *others = document
    expected = module(in_rows([document]))
    assert not torch.allclose(module(in_rows([document[::-1]])), expected)
    assert not torch.allclose(module(in_rows([[first.flip(0), *others]])), expected)


def test_every_parameter_is_trained():
    module = make().train()
    module(in_rows(sentences())).square().sum().backward()
    for name, parameter in module.named_parameters():
        assert torch.isfinite(parameter.grad).all()
        assert parameter.grad.any(), name
    assert not module.words.embedding.weight.grad[0].any()  # padding


def test_dropout_falls_on_the_vectors_of_sentences_and_documents():
    module, x = make(dropout=0.5).train(), in_rows(sentences())
    dropped = []
    for part in module.modules():
        if isinstance(part, Dropout):
            part.generator = torch.Generator().manual_seed(0)
            if part.p:
                part.register_forward_hook(lambda m, args, out: dropped.append(tuple(out.shape)))
    before = torch.get_rng_state()
    module(x)
    assert dropped == [(sum(map(len, SIZES)), 2 * HIDDEN), (len(x), 2 * HIDDEN)]
    assert torch.equal(torch.get_rng_state(), before)


def test_names_of_the_parameters():
    names = set(make().state_dict())
    kinds = [f"{kind}_{side}_l0" for kind in ("weight", "bias") for side in ("ih", "hh")]
    layers = [f"{way}.0.{kind}" for way in ("layers", "reverse_layers") for kind in kinds]
    layers += ["pooling.affine.weight", "pooling.affine.bias", "pooling.query.weight"]
    assert names == {
        "words.embedding.weight",
        *(f"words.net.{layer}" for layer in layers),
        *(f"sentences.{layer}" for layer in layers),
        *("head.linear.weight", "head.linear.bias"),
    }
    assert not is_penalized(make())["words.embedding.weight"]


def test_copies_predict_the_same_bits():
    module, x = make(dropout=0.3), in_rows(sentences())
    assert torch.equal(copy.deepcopy(module)(x), module(x))
