"""Categories and their vectors in front of a net."""

import pytest
import torch
from torch.testing import assert_close

from sklearn_rnn._modules.categories import EmbeddedCategories, vector_dim
from sklearn_rnn._modules.cnn import CNN
from sklearn_rnn._modules.kernels.arguments import KernelLoss, Ridge
from sklearn_rnn._modules.kernels.training import Sequences
from sklearn_rnn._modules.mlp import Dense
from sklearn_rnn._modules.recurrent import Recurrent
from sklearn_rnn._modules.tcn import TCN
from sklearn_rnn._training.flat_parameters import is_penalized, new_vector, parameters_as_views
from sklearn_rnn._training.losses import SquaredError
from tests.nets import needs_library

N_STEPS = 4
# Channel 1 has a vector for a missing category; of the codes of channel 3 none was seen for 2.
VECTORS = {1: (1, 2, 3), 3: (0, 1, 0, 2)}
DIMS = (2, 3)
NETS = {
    "gru": (Recurrent, {"cell": "gru", "hidden_size": 5}),
    "attention": (Recurrent, {"cell": "lstm", "hidden_size": 5, "pooling": "attention"}),
    "tcn": (TCN, {"num_channels": 5}),
    "cnn": (CNN, {"num_channels": 5}),
    "mlp": (Dense, {"hidden_layer_sizes": (5,)}),
}
every_net = pytest.mark.parametrize("name", NETS)


def make(name):
    inner, architecture = NETS[name]
    sizes = {"vectors": VECTORS, "dims": DIMS, "inner": inner, "architecture": architecture}
    module = EmbeddedCategories(4, N_STEPS, 2, **sizes).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        for embedding in module.embeddings:
            embedding.weight[0] = 0.0
    return module.eval()


def windows(batch=6):
    x = torch.randn(batch, N_STEPS, 4).double()
    for channel, numbers in VECTORS.items():
        x[:, :, channel] = torch.randint(len(numbers), (batch, N_STEPS)).double()
    return x


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@every_net
def test_the_net_reads_numbers_and_then_the_vectors_of_the_codes(name):
    module, x = make(name), windows()
    parts = [x[:, :, [0, 2]]]
    for embedding, (channel, numbers) in zip(module.embeddings, VECTORS.items(), strict=True):
        codes = x[:, :, channel].long()
        parts.append(embedding.weight[torch.tensor(numbers)[codes]])
    assert_close(module(x), module.net(torch.cat(parts, 2)))


def test_lengths_and_attention_are_those_of_the_net():
    module, x, lengths = make("attention"), windows(), torch.tensor([4, 0, 3, 1, 2, 4])
    vectors = module.embed(x)
    assert_close(module(x, lengths), module.net(vectors, lengths))
    assert_close(
        module.attention_weights(x, lengths), module.net.attention_weights(vectors, lengths)
    )


@every_net
@pytest.mark.parametrize("strange", [-1.0, 4.0, 1e9, torch.nan, torch.inf])
def test_what_is_no_code_is_the_missing_category(name, strange):
    module, x = make(name), windows()
    missing = x.clone()
    x[:, :, [1, 3]], missing[:, :, [1, 3]] = strange, 0.0
    assert_close(module(x), module(missing), rtol=0, atol=0)


def test_a_category_without_a_vector_of_its_own_has_that_of_the_missing():
    module, x = make("gru"), windows()
    missing = x.clone()
    x[:, :, 3], missing[:, :, 3] = 2.0, 0.0
    assert_close(module(x), module(missing), rtol=0, atol=0)
    assert (module.embed(x)[:, :, 4:] == 0).all()


def test_vectors_are_not_penalised_and_weights_are():
    penalized = is_penalized(make("mlp"))
    assert [name for name, is_weight in penalized.items() if is_weight] == [
        "net.layers.0.weight",
        "net.head.linear.weight",
    ]
    assert {"embeddings.0.weight", "embeddings.1.weight"} <= penalized.keys()


def test_weights_are_not_grouped_by_channel():
    with pytest.raises(ValueError, match=r"^Categories are read by vectors, so that weights"):
        make("gru").input_groups()


def test_the_dimension_grows_with_the_number_of_categories():
    dims = [vector_dim(n) for n in (1, 2, 7, 50, 1000, 10**9)]
    assert dims == [2, 2, 5, 14, 77, 600]  # round(1.6 * n**0.56)


@needs_library
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("cell", ["rnn_tanh", "lstm", "gru"])
def test_gradients_of_the_kernels_are_those_of_autograd(cell, padded):
    architecture = {"cell": cell, "hidden_size": 6}
    sizes = {"vectors": VECTORS, "dims": DIMS, "inner": Recurrent, "architecture": architecture}
    module = EmbeddedCategories(4, N_STEPS, 2, **sizes).double().train()
    x, y = windows(40), torch.randn(40, 2).double()
    lengths = torch.arange(40) % (N_STEPS + 1) if padded else None
    vector = new_vector(module)
    with parameters_as_views(vector, module):
        loss = SquaredError()(module(x, lengths), y)
        loss.backward()
        expected = vector.grad.clone()
        assert expected.any()
        training = module.native_training(KernelLoss(SquaredError.kernel))
        for _ in range(2):  # gradients are written over
            found = training.gradient(Sequences(x, y, None, lengths), Ridge(vector, 0, 0.0))
        assert_close(float(found), float(loss.detach()))
        assert_close(vector.grad, expected, rtol=0, atol=1e-12)
