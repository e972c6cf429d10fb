"""The rule table: what it may say, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_airflow.watchdog.rules import read_watchdog
from media_ops.errors import ParamsInvalid


def test_the_table_of_this_repository_is_valid_and_covers_all_conditions() -> None:
    table = read_watchdog()
    assert {rule.condition for rule in table.rules} == {
        "deadline",
        "stuck",
        "worker gone",
        "not notified",
        "leftovers",
    }
    assert table.stragglers.enabled
    assert [rule.after_minutes for rule in table.of("deadline")] == [None]  # none by default


def test_an_empty_one_has_no_rules(tmp_path: Path) -> None:
    path = tmp_path / "watchdog.yaml"
    path.write_text("rules:\n")
    assert read_watchdog(path).rules == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rules: [{condition: hungry, action: alarm}]", "rules.0.condition: Input should be 'deadline', 'stuck'"),
        ("rules: [{condition: stuck, action: retry}]", "rules.0: 'stuck' needs after_minutes"),
        (
            "rules: [{condition: deadline, action: retry}]",
            "rules.0: 'deadline' can lead to fail or alarm, not to retry",
        ),
        ("rules: [{condition: stuck, after_minutes: 0, action: fail}]", "rules.0.after_minutes: .* greater"),
        ("rules: [{condition: stuck, after_minutes: 5, action: fail, times: 0}]", "rules.0.times"),
        ("rules: [{condition: deadline, action: fail}, {condition: deadline, action: fail}]", "two rules say"),
        ("stragglers: {slower: 1}", "stragglers.slower"),
        ("stragglars: {}", "stragglars: Extra inputs"),
        ("rules: [", "is no YAML"),
        ("- 1", "valid dictionary"),
    ],
)
def test_a_wrong_one_is_refused_by_name(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "watchdog.yaml"
    path.write_text(text)
    with pytest.raises(ParamsInvalid, match=reason) as refused:
        read_watchdog(path)
    assert str(path) in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParamsInvalid, match="no such file"):
        read_watchdog(tmp_path / "none.yaml")
