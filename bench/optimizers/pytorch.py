"""PyTorch's optimizers for bench/optimizers.mjs. A server of JSON lines, so that it can take turns with other processes.

  {"do": "sides"}                                                → {"sides": [...], "versions": {...}}
  {"do": "prepare", "class", "options", "shapes", "threads"}     → {"values": [...]}  three steps; the first parameters then
  {"do": "sample", "seconds"}                                    → {"seconds"}        per step
"""
import json
import sys
import time

import torch

COMPARED = 97
optimizer = None


def filled(shape, at):
    count = 1
    for n in shape:
        count *= n
    return at(torch.arange(count)).to(torch.float32).reshape(shape)


def make(request, foreach):
    params = [filled(s, lambda i: 1 + (i % 7) / 8).requires_grad_() for s in request["shapes"]]
    for p in params:
        p.grad = filled(p.shape, lambda i: ((i % 1000) - 500) / 1024)
    options = {**request["options"], **({"foreach": True} if foreach else {})}
    return params, getattr(torch.optim, request["class"])(params, **options)


def timed(seconds):
    begin = time.perf_counter()
    steps, batch = 0, 1
    while True:
        for _ in range(batch):
            optimizer.step()
        steps += batch
        elapsed = time.perf_counter() - begin
        if elapsed < seconds / 8:
            batch *= 2
        if elapsed >= seconds:
            return elapsed / steps


def prepare(request):
    """Takes the faster of PyTorch's two forms: tensor by tensor, or all of them operation by operation."""
    global optimizer
    torch.set_num_threads(request["threads"])
    optimizer = None
    forms = {}
    for foreach in (False, True):
        if foreach and len(request["shapes"]) == 1:
            continue
        params, optimizer = make(request, foreach)
        for _ in range(3):
            optimizer.step()
        values = [x for p in params[:10] for x in p.detach().flatten()[:COMPARED].tolist()]
        forms[foreach] = (timed(0.1 if len(forms) else 0.05), optimizer)
    optimizer = min(forms.values(), key=lambda form: form[0])[1]
    return {"values": values}


ACTIONS = {
    "sides": lambda _: {"sides": ["PyTorch"], "versions": {"PyTorch": torch.__version__}},
    "prepare": prepare,
    "sample": lambda request: {"seconds": timed(request["seconds"])},
}
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(ACTIONS[request["do"]](request)), flush=True)
