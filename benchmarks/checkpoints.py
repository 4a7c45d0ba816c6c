"""What a checkpoint costs: how long a training waits for it, how long it is written beside the training, its bytes.

    python benchmarks/checkpoints.py --layers 6 --hidden 384

The default is the shape of MiniLM with six layers, whose 22 million weights are trained whole with AdamW.
"""

import statistics
import time
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from transformers import BertConfig, BertModel

from runtime.keeping import Room, image_of
from runtime.store import Store
from runtime.store.checkpoints import Checkpoints, Standing, whole_environment
from ticketlang.jobs import JobKey


def measure(layers: int, hidden: int, device: str, times: int) -> str:
    """One line of figures, medians of several checkpoints."""
    config = BertConfig(num_hidden_layers=layers, hidden_size=hidden, intermediate_size=4 * hidden,
                        num_attention_heads=hidden // 32)  # fmt: skip
    network = BertModel(config).to(device)
    optimizer = torch.optim.AdamW(network.parameters(), fused=True)
    for parameter in network.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimizer.step()
    tensors = {f"network/{name}": parameter.detach() for name, parameter in network.named_parameters()}
    for name, parameter in network.named_parameters():
        tensors |= {f"{memory}/{name}": tensor for memory, tensor in optimizer.state[parameter].items()}
    copying, writing, room = [], [], Room()
    with TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "store")
        checkpoints = Checkpoints(store.layout, store.disk)
        for step in range(times):
            began = time.perf_counter()
            image = image_of(tensors, room)
            copied = time.perf_counter()
            environment = whole_environment(device)
            checkpoints.write(JobKey("key"), "training", Standing(step=step, steps=times), {}, image, environment)
            copying.append(copied - began)
            writing.append(time.perf_counter() - copied)
    weights = sum(parameter.numel() for parameter in network.parameters())
    waits, beside = (1000 * statistics.median(seconds) for seconds in (copying, writing))
    return (
        f"{weights / 1e6:.1f} million weights: {len(image) / 1e6:.0f} MB; a training waits {waits:.0f} ms, and it is"
        f" written in {beside:.0f} ms beside it (medians of {times})"
    )


if __name__ == "__main__":
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--hidden", type=int, default=384)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--times", type=int, default=9)
    args = parser.parse_args()
    print(measure(args.layers, args.hidden, args.device, args.times))
