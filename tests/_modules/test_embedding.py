"""Tokens and their vectors in front of a net."""

import copy

import pytest
import torch

from sklearn_rnn._modules.cnn import CNN
from sklearn_rnn._modules.embedding import Embedded, token_lengths
from sklearn_rnn._modules.recurrent import Recurrent
from sklearn_rnn._modules.tcn import TCN
from sklearn_rnn._training.flat_parameters import is_penalized, new_vector, parameters_as_views

VOCABULARY, DIM, N_STEPS, N_OUTPUTS = 11, 4, 6, 2
NETS = {
    "gru": (Recurrent, {"cell": "gru", "hidden_size": 5}),
    "attention": (
        Recurrent,
        {"cell": "lstm", "hidden_size": 5, "bidirectional": True, "pooling": "attention"},
    ),
    "tcn": (TCN, {"num_channels": 5}),
    "cnn": (CNN, {"num_channels": 5}),
}
every_net = pytest.mark.parametrize("name", NETS)


def make(name, **parameters):
    inner, architecture = NETS[name]
    torch.manual_seed(0)
    module = Embedded(
        1,
        N_STEPS,
        N_OUTPUTS,
        vocabulary_size=VOCABULARY,
        embedding_dim=DIM,
        inner=inner,
        architecture={**architecture, **parameters},
    ).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        module.embedding.weight[0] = 0.0
    return module.eval()


def tokens(batch=5):
    """Rows without padding."""
    generator = torch.Generator().manual_seed(1)
    return torch.randint(1, VOCABULARY, (batch, N_STEPS), generator=generator)


@every_net
@pytest.mark.parametrize("with_channel", [False, True])
def test_the_net_reads_the_vectors_of_the_tokens(name, with_channel):
    module, x = make(name), tokens()
    vectors = module.embedding.weight[x]
    got = module(x[:, :, None] if with_channel else x)
    torch.testing.assert_close(got, module.net(vectors))
    torch.testing.assert_close(module.embedding(x), vectors)
    lengths = torch.tensor([6, 0, 3, 1, 2])
    torch.testing.assert_close(module(x, lengths), module.net(vectors, lengths))


def test_weights_of_the_tokens():
    module, x = make("attention"), tokens()
    x[1, 4:] = 0
    weights = module.attention_weights(x)
    assert weights.shape == x.shape
    assert (weights[1, 4:] == 0).all()
    torch.testing.assert_close(weights.sum(1), torch.ones(5).double())
    torch.testing.assert_close(weights[0], module.net.attention_weights(module.embedding(x[:1]))[0])


@every_net
@pytest.mark.parametrize("n_padded", [0, 1, 9])
@pytest.mark.parametrize("told", [False, True])
def test_padding_never_changes_an_output(name, n_padded, told):
    module, x, lengths = make(name), tokens(), torch.tensor([6, 0, 3, 1, 2])
    padded = torch.cat([x, torch.zeros(5, n_padded, dtype=torch.int64)], 1)
    for row, n in zip(padded, lengths, strict=True):
        row[n:] = -7 if told else 0  # behind `lengths` there need not be tokens
    out = module(padded, lengths if told else None)
    for row, sequence, n in zip(out, x, lengths, strict=True):
        if n:
            torch.testing.assert_close(row, module(sequence[None, :n])[0], atol=1e-12, rtol=0)
    nothing = torch.zeros(module.net.head.linear.in_features).double()
    torch.testing.assert_close(out[1], module.net.head(nothing))


def test_a_padding_token_between_others_is_a_step_of_zeros():
    module, x = make("gru"), tokens(1)
    x[0, 2] = 0
    vectors = module.embedding.weight[x].detach()
    assert (vectors[0, 2] == 0).all()
    torch.testing.assert_close(module(x), module.net(vectors))


def test_outputs_at_every_step():
    module, x = make("tcn", return_sequences=True), tokens()
    assert module(x).shape == (5, N_STEPS, N_OUTPUTS)
    changed = x.clone()
    changed[:, 3:] = 1 + changed[:, 3:] % (VOCABULARY - 1)
    assert torch.equal(module(changed)[:, :3], module(x)[:, :3])
    assert not torch.allclose(module(changed)[:, 3], module(x)[:, 3])


def test_token_lengths():
    x = torch.tensor([[3, 1, 0, 2, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1], [4, 0, 0, 0, 0]])
    assert token_lengths(x).tolist() == [4, 0, 5, 1]


# ---------------------------------------------------------------- the vectors


def test_vectors_start_small_and_that_of_padding_at_zero():
    module = Embedded(
        1,
        N_STEPS,
        1,
        vocabulary_size=5000,
        embedding_dim=8,
        inner=Recurrent,
        architecture={"cell": "gru", "hidden_size": 3},
    )
    vectors = module.embedding.weight.detach()
    assert vectors.shape == (5000, 8)
    assert not vectors[0].any()
    assert 0.0499 < vectors.abs().max() <= 0.05
    assert abs(vectors.mean()) < 1e-3
    assert vectors.std().item() == pytest.approx(0.05 / 3**0.5, rel=0.02)


def test_vectors_are_not_penalised():
    names = [name for name, _ in make("gru").named_parameters() if name.startswith("embedding")]
    assert names == ["embedding.weight"]
    assert not is_penalized(make("gru"))[names[0]]


@pytest.mark.parametrize("told", [False, True])
def test_only_vectors_of_valid_tokens_are_trained(told):
    module, x = make("attention").train(), tokens()
    x = x.clamp(max=8)  # the last two tokens do not occur
    x[:, 4:] = 10 if told else 0
    lengths = torch.full((5,), 4) if told else None
    x[:, 2] = 0
    before = module.embedding.weight.detach().clone()
    vector = new_vector(module)
    optimizer = torch.optim.Adam([vector], 0.1)
    with parameters_as_views(vector, module):
        for _ in range(3):
            vector.grad.zero_()
            module(x, lengths).square().sum().backward()
            optimizer.step()
    moved = (module.embedding.weight != before).any(1)
    seen = torch.isin(torch.arange(VOCABULARY), x[:, :4]) & (torch.arange(VOCABULARY) > 0)
    assert moved.tolist() == seen.tolist()


def test_copies_predict_the_same_bits():
    module, x = make("gru"), tokens()
    twin = copy.deepcopy(module)
    assert torch.equal(twin(x), module(x))
    with torch.no_grad():
        module.embedding.weight.zero_()
    assert not torch.equal(twin(x), module(x))


def test_tokens_have_no_channels_to_choose_from():
    with pytest.raises(ValueError, match="Embedded does not declare which weights read which"):
        make("gru").input_groups()


def test_tokens_have_one_channel():
    with pytest.raises(ValueError, match="tokens have one channel; got n_channels=2"):
        Embedded(
            2,
            N_STEPS,
            1,
            vocabulary_size=5,
            embedding_dim=2,
            inner=Recurrent,
            architecture={"cell": "gru", "hidden_size": 3},
        )
