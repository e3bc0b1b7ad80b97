"""Attention over words and sentences."""

import copy

import pytest
import torch

from sklearn_rnn._flat import is_weight
from sklearn_rnn._modules.dropout import Dropout
from sklearn_rnn._modules.hierarchical_attention import HierarchicalAttention

VOCABULARY, N_WORDS, N_SENTENCES, N_OUTPUTS, HIDDEN = 12, 5, 4, 3, 6


def make(**parameters):
    torch.manual_seed(0)
    module = HierarchicalAttention(
        N_WORDS,
        N_SENTENCES,
        N_OUTPUTS,
        vocabulary_size=VOCABULARY,
        embedding_dim=4,
        hidden_size=HIDDEN,
        **parameters,
    ).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        module.words.embedding.weight_v[0] = 0.0
    return module.eval()


DOCUMENTS = [  # words of each sentence
    [5, 3, 1, 2],
    [1],
    [],
    [4, 5],
    [2, 0, 3],  # an empty sentence between others
]


def documents(n_sentences=N_SENTENCES, n_words=N_WORDS):
    generator = torch.Generator().manual_seed(1)
    x = torch.zeros(len(DOCUMENTS), n_sentences, n_words, dtype=torch.int64)
    for document, sizes in zip(x, DOCUMENTS, strict=True):
        for sentence, n in zip(document, sizes, strict=False):
            sentence[:n] = torch.randint(1, VOCABULARY, (n,), generator=generator)
    return x


def pooled(layers, x):
    """Attention over the states of one sequence (steps, channels): weights and features."""
    states = layers.encode(x[None])[0]
    affine, query = layers.pooling.affine, layers.pooling.query
    scores = torch.tanh(states @ affine.weight.T + affine.bias) @ query.weight[0]
    weights = scores.exp() / scores.exp().sum()
    return weights, weights @ states


def by_hand(module, document, sizes):
    """Outputs, weights of the sentences and of the words, one sentence at a time."""
    vectors, of_words = [], []
    for sentence, n in zip(document, sizes, strict=False):
        weights, vector = torch.zeros(0).double(), torch.zeros(2 * HIDDEN).double()
        if n:
            embedded = module.words.embedding.weight_v[sentence[:n]]
            weights, vector = pooled(module.words.net, embedded)
        vectors.append(vector)
        of_words.append(weights)
    of_sentences, features = torch.zeros(0).double(), torch.zeros(2 * HIDDEN).double()
    if vectors:
        of_sentences, features = pooled(module.sentences, torch.stack(vectors))
    return module.head(features), of_sentences, of_words


@pytest.mark.parametrize("n_sentences", [4, 9])
@pytest.mark.parametrize("n_words", [5, 8])
@pytest.mark.parametrize("told", [False, True])
def test_outputs_and_weights_are_those_of_one_sentence_at_a_time(n_sentences, n_words, told):
    module, x = make(), documents()
    lengths = torch.tensor([len(sizes) for sizes in DOCUMENTS]) if told else None
    padded = torch.zeros(len(x), n_sentences, n_words, dtype=torch.int64)
    padded[:, :N_SENTENCES, :N_WORDS] = x
    if told:
        for document, n in zip(padded, lengths, strict=True):
            document[n:] = -9  # behind `lengths` there need not be tokens
    out = module(padded, lengths)
    sentences, words = module.attention(padded, lengths), module.word_attention(padded, lengths)
    assert sentences.shape == (len(x), n_sentences)
    assert words.shape == padded.shape
    for i, sizes in enumerate(DOCUMENTS):
        expected, of_sentences, of_words = by_hand(module, x[i], sizes)
        torch.testing.assert_close(out[i], expected, atol=1e-12, rtol=0)
        torch.testing.assert_close(sentences[i, : len(sizes)], of_sentences)
        assert (sentences[i, len(sizes) :] == 0).all()
        for s, n in enumerate(sizes):
            torch.testing.assert_close(words[i, s, :n], of_words[s])
            assert (words[i, s, n:] == 0).all()
        assert (words[i, len(sizes) :] == 0).all()


def test_rows_do_not_depend_on_their_batch():
    module, x = make(), documents()
    whole = module(x)
    for i in range(len(x)):
        torch.testing.assert_close(module(x[i : i + 1])[0], whole[i], atol=1e-12, rtol=0)


def test_the_order_of_sentences_matters_and_of_words():
    module, x = make(), documents()[:1]
    assert not torch.allclose(module(x.flip(1)), module(x))
    swapped = x.clone()
    swapped[0, 0] = x[0, 0].flip(0)
    assert not torch.allclose(module(swapped), module(x))


def test_every_parameter_is_trained():
    module = make().train()
    module(documents()).square().sum().backward()
    for name, parameter in module.named_parameters():
        assert torch.isfinite(parameter.grad).all()
        assert parameter.grad.any(), name
    assert not module.words.embedding.weight_v.grad[0].any()  # padding


def test_dropout_falls_on_the_vectors_of_sentences_and_documents():
    module, x = make(dropout=0.5).train(), documents()
    dropped = []
    for part in module.modules():
        if isinstance(part, Dropout):
            part.generator = torch.Generator().manual_seed(0)
            if part.p:
                part.register_forward_hook(lambda m, args, out: dropped.append(tuple(out.shape)))
    before = torch.get_rng_state()
    module(x)
    features = 2 * HIDDEN
    assert dropped == [(len(x) * N_SENTENCES, features), (len(x), features)]
    assert torch.equal(torch.get_rng_state(), before)


def test_names_of_the_parameters():
    names = set(make().state_dict())
    kinds = [f"{kind}_{side}_l0" for kind in ("weight", "bias") for side in ("ih", "hh")]
    layers = [f"{way}.0.{kind}" for way in ("layers", "reverse_layers") for kind in kinds]
    layers += ["pooling.affine.weight", "pooling.affine.bias", "pooling.query.weight"]
    assert names == {
        "words.embedding.weight_v",
        *(f"words.net.{layer}" for layer in layers),
        *(f"sentences.{layer}" for layer in layers),
        *("head.linear.weight", "head.linear.bias"),
    }
    assert not is_weight("words.embedding.weight_v")


def test_copies_predict_the_same_bits():
    module, x = make(dropout=0.3), documents()
    assert torch.equal(copy.deepcopy(module)(x), module(x))
