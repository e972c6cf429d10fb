from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from media_ops.algorithm import MeasureAlgorithm
from media_ops.registry import algorithm_names, get
from tests.everyday import ordinarily

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.airflow
def test_every_algorithm_is_a_dag(dags: dict[str, Any]) -> None:
    assert set(algorithm_names()) <= set(dags)


@pytest.mark.parametrize(
    "name",
    ordinarily(algorithm_names(), "transcode_h264", "denoise_fast", "enhance_color", "watermark", "measure_quality"),
)
class TestDag:
    @pytest.fixture
    def dag(self, name: str) -> Any:
        from media_airflow.dag import media_dag

        return media_dag(get(name))

    def test_it_serialises_and_is_the_same_each_time(self, dag: Any, name: str) -> None:
        from airflow.serialization.serialized_objects import DagSerialization

        from media_airflow.dag import media_dag

        dag.validate()
        serialized = DagSerialization.serialize_dag(dag)
        assert DagSerialization.serialize_dag(media_dag(get(name))) == serialized
        assert DagSerialization.deserialize_dag(serialized).task_ids == dag.task_ids

    def test_only_the_source_must_be_filled_in(self, dag: Any, name: str) -> None:
        from airflow.sdk.exceptions import ParamValidationError

        required = {key for key, field in get(name).Params.model_fields.items() if field.is_required()}
        missing = set()
        for key in dag.params:
            try:
                dag.params.get_param(key).resolve()
            except ParamValidationError:
                missing.add(key)
        assert missing == {"source"} | required

    def test_every_field_is_explained(self, dag: Any, name: str) -> None:
        for key in dag.params:
            schema = dag.params.get_param(key).schema
            assert schema["title"], key
            assert schema["description_md"], key
            assert schema["section"] in ("Source", "Output", "Parameters", "Slicing"), key
        assert get(name).title().rstrip(".") in dag.doc_md

    def test_its_tasks_are_retried_by_the_fates(self, dag: Any, name: str) -> None:
        from media_airflow.retry import RETRY_POLICY

        for task in dag.tasks:
            assert task.retry_policy is RETRY_POLICY
            assert task.retries == 3

    def test_it_looks_before_it_works_where_the_algorithm_wants_to(self, dag: Any, name: str) -> None:
        kind = get(name)
        how = "measures" if issubclass(kind, MeasureAlgorithm) else kind.analyses()
        stages = {
            "no": {"process": {"probe", "cut"}},
            "whole": {"analyse": {"probe", "cut"}, "process": {"probe", "cut", "analyse"}},
            "joined": {
                "analyse": {"probe", "cut"},
                "conclude": {"probe", "cut", "analyse"},
                "process": {"probe", "cut", "analyse", "conclude"},
            },
            "measures": {"measure": {"probe", "cut"}},
        }[how]
        sound = set() if how == "measures" else {"audio"}
        assert set(dag.task_ids) == {"probe", "cut", "merge", "notify", "published", *stages, *sound}
        for task_id, upstream in stages.items():
            assert dag.get_task(task_id).upstream_task_ids == upstream
            mapped = task_id in ("process", "measure") or (task_id == "analyse" and how == "joined")
            assert dag.get_task(task_id).is_mapped == mapped
        last = "measure" if how == "measures" else "process"
        assert {last, *sound} <= dag.get_task("merge").upstream_task_ids

    def test_files_and_choices_can_be_filled_in(self, dag: Any, name: str) -> None:
        assert dag.params.get_param("blend").schema["type"] == "boolean"
        assert dag.params.get_param("slices").schema["enum"] == ["virtual", "physical"]
        for key in get(name).file_params():
            schema = dag.params.get_param(key).schema
            assert ("string" in schema["type"], "file" in schema) == (True, False), key

    def test_it_has_no_schedule(self, dag: Any, name: str) -> None:
        assert (dag.dag_id, dag.schedule, dag.catchup) == (name, None, False)


def test_more_stages_hang_together() -> None:
    from dataclasses import replace

    from media_airflow.dag import PROCESS, Stage, media_dag
    from media_airflow.task import JobTask

    class Analyse(JobTask):
        template_fields = ("earlier",)

        def __init__(self, *, probe: Any, earlier: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.earlier = earlier

        def work(self, job: Any, context: Any) -> Any:
            return {}

    stages = (Stage("analyse", Analyse, mapped=False), PROCESS, replace(PROCESS, task_id="refine"))
    dag = media_dag(get("transcode_h264"), stages)
    assert dag.get_task("analyse").upstream_task_ids == {"cut"}
    assert dag.get_task("process").upstream_task_ids == {"probe", "cut", "analyse"}
    assert dag.get_task("refine").upstream_task_ids == {"probe", "cut", "analyse", "process"}
    assert {"refine", "audio"} <= dag.get_task("merge").upstream_task_ids


def test_on_a_worker_only_the_asked_dag_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    import runpy

    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "another")
    assert "transcode_h264" not in runpy.run_path(str(REPOSITORY / "dags" / "media.py"))


def test_airflow_loads_one_file_from_plugins() -> None:
    from airflow._shared.module_loading import find_path_from_directory

    found = [Path(path) for path in find_path_from_directory(str(REPOSITORY / "plugins"), ".airflowignore", "glob")]
    assert [path.name for path in found if path.suffix == ".py"] == ["media_plugin.py"]


def test_the_plugin_is_loaded_without_errors() -> None:
    from airflow import plugins_manager

    plugins, errors = plugins_manager._get_plugins()
    assert errors == {}
    assert "media_ops" in [plugin.name for plugin in plugins]


PROGRAM = """
import sys, time, runpy
import airflow.sdk, airflow.plugins_manager, airflow.dag_processing.dagbag
import airflow.providers.standard.operators.empty
from airflow.sdk import DAG, BaseOperator, ExceptionRetryPolicy, Param, TriggerRule, XComArg
from airflow.sdk.exceptions import AirflowSkipException
before = time.process_time()
runpy.run_path(sys.argv[1])
runpy.run_path(sys.argv[2])
print(time.process_time() - before, *sorted({"av", "cv2", "numpy", "torch", "onnxruntime"} & sys.modules.keys()))
"""


def test_parsing_our_dags_is_cheap() -> None:
    files = [str(REPOSITORY / "plugins" / "media_plugin.py"), str(REPOSITORY / "dags" / "media.py")]
    command = [sys.executable, "-c", PROGRAM, *files]
    seconds, *heavy = (
        subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1].split()
    )
    assert heavy == []
    assert float(seconds) <= 1.0
