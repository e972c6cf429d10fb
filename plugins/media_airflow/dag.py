"""The DAG of an algorithm: probe, cut, its stages over the segments, merge, notify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TriggerRule, XComArg

from media_airflow.looking import AnalyseOperator, ConcludeOperator
from media_airflow.measuring import MeasureOperator, ReportOperator
from media_airflow.notify import NotifyOperator
from media_airflow.operators import (
    PLAN_KEY,
    AudioOperator,
    CutOperator,
    MergeOperator,
    ProbeOperator,
    ProcessOperator,
)
from media_airflow.page import page
from media_airflow.params import form
from media_airflow.retry import RETRIES, RETRY_DELAY, RETRY_POLICY
from media_airflow.task import JobTask
from media_ops.algorithm import Algorithm, MeasureAlgorithm


@dataclass(frozen=True)
class Stage:
    """Work between cutting and merging.

    Its operator takes the result of `probe` and, when `mapped`, one `segment`; `earlier` too, the results of the
    stages before it by name, unless it `asks` for those that it needs: of stages that may have been skipped.
    The results of the last stage are what is merged.
    """

    task_id: str
    operator: type[JobTask]
    mapped: bool = True
    asks: bool = False


PROCESS = Stage("process", ProcessOperator, asks=True)


def stages_of(algorithm: type[Algorithm]) -> tuple[Stage, ...]:
    """Process; before that look at the film, where the algorithm wants to: in one piece, or cut and joined.

    Or measure.
    """
    if issubclass(algorithm, MeasureAlgorithm):
        return (Stage("measure", MeasureOperator),)
    how = algorithm.analyses()
    if how == "no":
        return (PROCESS,)
    if how == "whole":
        return (Stage("analyse", AnalyseOperator, mapped=False), PROCESS)
    return (Stage("analyse", AnalyseOperator), Stage("conclude", ConcludeOperator, mapped=False), PROCESS)


def media_dag(algorithm: type[Algorithm], stages: tuple[Stage, ...] | None = None) -> DAG:
    """Build the DAG of an algorithm; its id is the algorithm's name."""
    name = algorithm.name()
    stages = stages or stages_of(algorithm)
    with DAG(
        dag_id=name,
        description=algorithm.title(),
        doc_md=page(algorithm),
        params=form(algorithm),
        tags=["media", algorithm.device],
        schedule=None,
        catchup=False,
        max_active_runs=16,
        max_active_tasks=64,
        default_args={"retries": RETRIES, "retry_delay": RETRY_DELAY, "retry_policy": RETRY_POLICY},
    ) as dag:
        probe = ProbeOperator(task_id="probe", algorithm=name)
        cut = CutOperator(task_id="cut", algorithm=name, probe=probe.output)
        last: Any = cut
        results: dict[str, Any] = {}
        for stage in stages:
            last = _add(stage, name, probe, cut, dict(results))
            results[stage.task_id] = last.output
        given = {"algorithm": name, "probe": probe.output, "plan": XComArg(cut, key=PLAN_KEY), "results": last.output}
        sound: list[JobTask] = []
        if issubclass(algorithm, MeasureAlgorithm):
            merge: JobTask = ReportOperator(task_id="merge", **given)
        else:
            sound = [AudioOperator(task_id="audio", algorithm=name, probe=probe.output)]
            merge = MergeOperator(
                task_id="merge",
                trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,  # a source without sound skips `audio`
                **given,
            )
        watched = ["probe", "cut", *results, *(task.task_id for task in sound), "merge"]
        notify = NotifyOperator(task_id="notify", watched=watched, trigger_rule=TriggerRule.ALL_DONE)
        # A run ends as its last tasks do, and `notify` succeeds after failures too; `published` follows `merge` alone
        # and costs nothing, since the scheduler itself settles it. A teardown task would not do: a run cancelled
        # before its teardown ends as a success.
        published = EmptyOperator(task_id="published")
        sound >> merge >> [notify, published]
    return dag


def _add(stage: Stage, algorithm: str, probe: JobTask, cut: JobTask, earlier: dict[str, Any]) -> Any:
    if not stage.mapped:
        task = stage.operator(task_id=stage.task_id, algorithm=algorithm, probe=probe.output, earlier=earlier)
        cut >> task
        return task
    given = {} if stage.asks else {"earlier": earlier}
    # Where there is nothing to look for, `probe` has the look skipped.
    rule = TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS if stage.asks else TriggerRule.ALL_SUCCESS
    mapped = stage.operator.partial(
        task_id=stage.task_id,
        algorithm=algorithm,
        probe=probe.output,
        trigger_rule=rule,
        map_index_template="{{ task.segment['label'] }}",
        **given,
    ).expand(segment=cut.output)
    if stage.asks:
        [result.operator for result in earlier.values()] >> mapped
    return mapped
