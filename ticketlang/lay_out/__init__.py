"""Study -> Plan: which jobs answer which cells, what is shared, and what is known already.

Requests are made in the order in which people think of them, and those for the same job meet: `evaluate the ticket of
30% on its own task` and `train round two` are one, and so are all baselines that do not depend on a ticket's source.
"""

from collections.abc import Collection, Mapping

from ..jobs import JobKey, inputs_of
from ..plan import Facts, Known, KnownResults, Plan, PlannedJob
from ..study import Study
from .cells import answer
from .requests import Requests
from .searches import Searches, search


def nothing_known(keys: Collection[JobKey]) -> Mapping[JobKey, Known]:
    """What an empty store knows."""
    return {}


def lay_out(study: Study, facts: Facts, known_results: KnownResults = nothing_known) -> Plan:
    """The plan of a study: a pure function of what it says, of what it reads, and of what is known."""
    requests = Requests(study, facts)
    partners = {arm.name: study.partners(arm) for arm in study.baselines}
    for seeds in study.seeds:
        searches = Searches({ticket: search(requests, ticket, seeds) for ticket in study.tickets}, partners)
        for ticket in study.tickets:
            for level, target in study.trainings(ticket):
                answer(requests, ticket, level, target, searches, seeds)
    known = known_results(requests.jobs.keys())
    to_run = _to_run(requests, known)
    return Plan(
        study=study,
        facts=facts,
        jobs={
            key: PlannedJob(
                key=key,
                job=job,
                group=requests.groups[key],
                labels=tuple(requests.labels[key]),
                known=None if key in to_run else known[key],
            )
            for key, job in requests.jobs.items()
            if key in to_run or key in known
        },
        cells=requests.cells,
        masks=requests.masks,
        lines=requests.lines,
    )


def _to_run(requests: Requests, known: Mapping[JobKey, Known]) -> frozenset[JobKey]:
    """What has to run: goals that are not known, and whatever these need, back to what is known.

    Goals are the cells, the masks behind them, and the lines between trainings. Trained weights that were dropped are
    made again only if something that is to run begins with them, prunes them, or goes from them to others.
    """
    goals = {*requests.cells.values(), *requests.masks, *requests.lines.values()}
    readers: dict[JobKey, list[JobKey]] = {}
    to_run: set[JobKey] = set()
    for key in reversed(requests.jobs):
        running = [reader for reader in readers.get(key, ()) if reader in to_run]
        job, result = requests.jobs[key], known.get(key)
        is_wanted = bool(running) or (result is None and key in goals)
        if is_wanted and (result is None or not result.serves(job)):
            to_run.add(key)
        for needed in inputs_of(job):
            readers.setdefault(needed, []).append(key)
    return frozenset(to_run)
