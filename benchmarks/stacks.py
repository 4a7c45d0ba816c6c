"""The training stacks that are compared: each trains a model on the same batches, with a mask, and times its steps.

Run as a process of its own, `stacks.py NAME FOLDER`, on a folder that training.py has prepared. After its first step
it prints `ready` and waits for a line, so that several can go on together. Then it prints one line of JSON: seconds of
each further step, and the most memory that was held, of the GPU if it trains on one.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

LENGTH = 128  # of the released code's inputs
RATE, EPSILON, CLIP = 2e-5, 1e-8, 1.0
Tick = Callable[[], None]  # called after every step


class Work:
    """What is trained, and on what."""

    def __init__(self, folder: Path) -> None:
        asked = json.loads((folder / "asked.json").read_text())
        self.model = Path(asked["model"])
        self.batch, self.steps, self.device = asked["batch"], asked["steps"], torch.device(asked["device"])
        self.untimed = asked["untimed"]  # steps, from the first on
        arrays = np.load(folder / "examples.npz")
        self.tokens, self.segments, self.labels = arrays["tokens"], arrays["segments"], arrays["labels"]
        self.lengths = arrays["lengths"]
        self.starts = np.cumsum(self.lengths) - self.lengths
        self.chosen = arrays["chosen"]  # (steps, batch), the examples of each step
        self.kept = asked["kept"]  # share of every encoder matrix

    def mask(self, name: str, weight: Tensor) -> Tensor:
        """True where a weight is kept; the same in every stack."""
        generator = torch.Generator().manual_seed(sum(map(ord, name)))
        return torch.rand(weight.shape, generator=generator) < self.kept

    def example(self, number: int) -> dict[str, Any]:
        part = slice(self.starts[number], self.starts[number] + self.lengths[number])
        return {"input_ids": self.tokens[part].tolist(), "token_type_ids": self.segments[part].tolist(),
                "labels": int(self.labels[number])}  # fmt: skip

    def classifier(self, attention: str) -> nn.Module:
        """The model of transformers, its masks held by torch.nn.utils.prune: a product in every forward."""
        from transformers import AutoModelForSequenceClassification

        torch.manual_seed(1)
        model = AutoModelForSequenceClassification.from_pretrained(
            self.model, attn_implementation=attention, local_files_only=True
        )
        for name, module in model.base_model.encoder.named_modules():
            if isinstance(module, nn.Linear):
                prune.custom_from_mask(module, "weight", self.mask(f"encoder.{name}.weight", module.weight))
        return model.to(self.device)


def released(work: Work, tick: Tick) -> None:
    """The loop of the paper's released code: inputs of 128 tokens, pruning hooks, AdamW parameter by parameter."""
    model = work.classifier("eager").train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, eps=EPSILON, weight_decay=0.0, foreach=False)
    rates = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / work.steps)
    for chosen in work.chosen:
        inputs = _filled([work.example(number) for number in chosen], LENGTH)
        loss = model(**{name: tensor.to(work.device) for name, tensor in inputs.items()}).loss
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP, foreach=False)
        optimizer.step()
        rates.step()
        model.zero_grad()
        loss.item()
        tick()


def trainer(work: Work, tick: Tick) -> None:
    """The Trainer of transformers: batches filled up to their longest text, fused AdamW, pruning hooks."""
    from transformers import AutoTokenizer, DataCollatorWithPadding, Trainer, TrainerCallback, TrainingArguments

    class Ticking(TrainerCallback):
        def on_step_end(self, *arguments: Any, **named: Any) -> None:
            tick()

    arguments = TrainingArguments(
        output_dir="/nowhere", per_device_train_batch_size=work.batch, max_steps=work.steps, learning_rate=RATE,
        adam_epsilon=EPSILON, max_grad_norm=CLIP, optim="adamw_torch_fused", train_sampling_strategy="sequential",
        save_strategy="no", report_to="none", disable_tqdm=True, logging_strategy="no", seed=1,
        use_cpu=work.device.type == "cpu",
    )  # fmt: skip
    Trainer(
        model=work.classifier("sdpa"), args=arguments, callbacks=[Ticking()],
        train_dataset=[work.example(number) for number in work.chosen.flatten()],
        data_collator=DataCollatorWithPadding(AutoTokenizer.from_pretrained(work.model, local_files_only=True)),
    ).train()  # fmt: skip


def ours(work: Work, tick: Tick, products: torch.dtype | None = None) -> None:
    """The loop of this project, with all its checks."""
    from fractions import Fraction

    from runtime.models.dropout import plant_dropout
    from runtime.models.heads import Head, fresh_head
    from runtime.models.network import Network
    from runtime.models.scopes import prunable
    from runtime.models.trunk import load
    from runtime.pruning.mask import Mask
    from runtime.tasks import classify
    from runtime.training.batches import Encoded, TrainingOrder, WholeInput
    from runtime.training.loop import Training, train
    from runtime.training.schedule import Schedule
    from runtime.workshop import make_exact
    from ticketlang.study import Optimizer

    class Given(TrainingOrder):
        def from_step(self, step: int, until: int) -> Iterator[Any]:
            yield from work.chosen[step:until]

    make_exact()
    model = load(work.model)
    head = Head(model.hidden_size, 2, model.head_dropout, answers_for_whole_inputs=True)
    head.load_state_dict(fresh_head(head, model.initializer_range, 1))
    network = Network(model.pattern, head, products=products).to(work.device)
    dropouts = plant_dropout(network, 1)
    kept = {name: work.mask(name, weight) for name, weight in prunable(network.trunk, ["encoder"]).items()}
    examples = Encoded(
        tokens=work.tokens, segments=work.segments, starts=work.starts, lengths=work.lengths,
        question=WholeInput(torch.from_numpy(work.labels)),
    )  # fmt: skip
    peak = Fraction(str(RATE))
    training = Training(
        schedule=Schedule(steps=work.steps, steps_per_epoch=work.steps, warmup=0, peak=peak),
        order=Given(len(examples), work.batch, 1, ""), optimizer=Optimizer(), loss=classify.loss, ends=work.steps,
    )  # fmt: skip
    train(network, Mask(kept), dropouts, examples, training, lambda step, steps: tick())


def _filled(examples: list[dict[str, Any]], length: int) -> dict[str, Tensor]:
    def column(name: str, filling: int) -> Tensor:
        return torch.tensor([(e[name] + [filling] * length)[:length] for e in examples])

    return {
        "input_ids": column("input_ids", 0),
        "token_type_ids": column("token_type_ids", 0),
        "attention_mask": torch.tensor([([1] * len(e["input_ids"]) + [0] * length)[:length] for e in examples]),
        "labels": torch.tensor([e["labels"] for e in examples]),
    }


def ours_in_bf16(work: Work, tick: Tick) -> None:
    """The same, its products in bf16."""
    ours(work, tick, torch.bfloat16)


STACKS = {"released": released, "trainer": trainer, "ours": ours, "ours bf16": ours_in_bf16}


# What the operations of torch do in a step, by their names; what is in no group is named by itself.
KINDS_OF_WORK = {
    "matrix products": ("aten::mm", "aten::addmm", "aten::linear", "aten::bmm", "aten::baddbmm", "aten::matmul",
                        "mkldnn"),
    "softmax": ("softmax",),
    "norms": ("layer_norm",),
    "activation": ("gelu", "tanh"),
    "dropout": ("bernoulli", "dropout"),
    "other types": ("aten::to", "aten::_to_copy", "aten::copy_"),
    "sums and products by element": ("aten::add", "aten::mul", "aten::addcmul", "aten::sub", "aten::div", "aten::sum",
                                     "aten::where"),
    "looking up": ("embedding", "index", "gather", "scatter"),
    "optimizer and norms of gradients": ("adam", "norm"),
    "zeros looked at": ("count_nonzero", "aten::any", "aten::eq", "aten::ne"),
}  # fmt: skip


def profiled(name: str, folder: str) -> dict[str, float]:
    """Seconds of all steps but the first, by what is done; outside of torch are Python and numpy."""
    profile = torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU])
    moments: list[float] = []

    def tick() -> None:
        moments.append(time.perf_counter())
        if len(moments) == 1:
            profile.start()

    STACKS[name](Work(Path(folder)), tick)
    profile.stop()
    found: dict[str, float] = {}
    for event in profile.key_averages():
        kind = next((k for k, names in KINDS_OF_WORK.items() if any(each in event.key for each in names)), "the rest")
        found[kind] = found.get(kind, 0.0) + event.self_cpu_time_total / 1e6
    return {**found, "outside of torch": max(0.0, moments[-1] - moments[0] - sum(found.values()))}


def main(name: str, folder: str, way: str = "time") -> None:
    if way == "profile":
        print(json.dumps(profiled(name, folder)))
        return
    work = Work(Path(folder))
    moments: list[float] = []

    def tick() -> None:
        if work.device.type == "cuda":
            torch.cuda.synchronize()
        if not moments:
            print("ready", flush=True)
            sys.stdin.readline()
        moments.append(time.perf_counter())

    STACKS[name](work, tick)
    print(json.dumps({"seconds": np.diff(moments)[work.untimed - 1 :].tolist(), "MiB": _peak(work.device)}))


def _peak(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device) / (1 << 20)  # what is recorded holds some, too
    # Of this program: what getrusage tells begins with what the process held that started it.
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


if __name__ == "__main__":
    main(*sys.argv[1:])
