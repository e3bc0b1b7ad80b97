#!/usr/bin/env bash
# torch: two ordinary calls that compile nothing import hundreds of modules when a process makes
# them for the first time.
#
# Any optimizer imports torch._dynamo, the compiler, in its constructor, and Module.to_empty, which
# gives memory to a module made on the device "meta", imports SymPy. A process that trains one small
# network, such as a worker of a parallel search, spends more time on these imports than on
# training. Neither is needed: an optimizer whose methods are torch's own without their decorators
# imports nothing, and takes the same step.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"

cat >"$folder/measure.py" <<'PY'
import inspect
import sys
import time

import torch

Base = torch.optim.Optimizer


class Undecorated(torch.optim.SGD):
    """SGD with the methods of torch, without their decorators."""

    add_param_group = inspect.unwrap(Base.add_param_group)
    zero_grad = inspect.unwrap(Base.zero_grad)
    step = torch.no_grad()(inspect.unwrap(torch.optim.SGD.step))
    step.hooked = True  # otherwise the constructor decorates it again


def imported(name, call):
    """Return the names of the modules that a call imports."""
    before, start = set(sys.modules), time.process_time()
    call()
    seconds, new = time.process_time() - start, set(sys.modules) - before
    print(f"  {name}: {len(new)} modules, {seconds:.2f} s")
    return new


def step(optimizer):
    """Return a parameter after one step."""
    parameter = torch.nn.Parameter(torch.ones(3))
    parameter.grad = torch.arange(3.0)
    made = optimizer([parameter], lr=0.1, momentum=0.9)
    made.step()
    made.zero_grad()
    return parameter.detach()


print("torch", torch.__version__)
empty = torch.nn.Linear(3, 1, device="meta")
undecorated = imported("step of SGD without decorators", lambda: step(Undecorated))
of_empty = imported("to_empty", lambda: empty.to_empty(device="cpu"))
of_torch = imported("step of SGD", lambda: step(torch.optim.SGD))
as_described = (
    not any(name.startswith(("torch._dynamo", "sympy")) for name in undecorated)
    and "sympy" in of_empty
    and "torch._dynamo" in of_torch
    and torch.equal(step(Undecorated), step(torch.optim.SGD))
)
sys.exit(0 if as_described else "torch no longer behaves as described above")
PY

"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" "$folder/measure.py"
