"""What servers write of rules: forms that the one of the tests does not keep, too."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from minio.xml import marshal

from media_ops.storage.lifecycle_xml import (
    Xml,
    deleted_at,
    document,
    is_ours,
    meaning,
    parsed,
    sentence,
    wanted_rules,
)
from media_ops.storage.rules import Rules

OLD_FORM = """<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ID>logs</ID>
<Prefix>logs/</Prefix><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule>
</LifecycleConfiguration>"""


class Written:
    """What the minio client asks of a configuration."""

    def __init__(self, rules: list[Xml]) -> None:
        self.rules = rules

    def toxml(self, element: Xml | None) -> Xml:
        return document(self.rules)


def rule(text: str) -> Xml:
    return parsed(f"<LifecycleConfiguration><Rule>{text}</Rule></LifecycleConfiguration>")[0]


def test_an_old_form_of_prefix_comes_through() -> None:
    (before,) = parsed(OLD_FORM)
    ours = wanted_rules(Rules(delete_after_days=21))
    written = marshal(Written([before, *ours])).decode()
    after = parsed(written)
    assert [meaning(one) for one in after] == [meaning(before), *map(meaning, ours)]
    assert "<Prefix>logs/</Prefix>" in written
    assert [is_ours(one) for one in after] == [False, True]


def test_order_and_empty_elements_say_nothing() -> None:
    one = rule("<ID>a</ID><Filter><Prefix/></Filter><Status>Enabled</Status><Expiration><Days>3</Days></Expiration>")
    other = rule("<Expiration>\n<Days> 3 </Days></Expiration><Status>Enabled</Status><Filter/><ID>a</ID>")
    assert meaning(one) == meaning(other)


@pytest.mark.parametrize(
    "text",
    [
        "<ID>b</ID><Status>Enabled</Status><Expiration><Days>3</Days></Expiration>",
        "<ID>a</ID><Status>Disabled</Status><Expiration><Days>3</Days></Expiration>",
        "<ID>a</ID><Status>Enabled</Status><Expiration><Days>4</Days></Expiration>",
        "<ID>a</ID><Status>Enabled</Status><Expiration><Days>3</Days></Expiration><Prefix>x</Prefix>",
        "<ID>a</ID><Status>Enabled</Status><NoncurrentVersionExpiration><Days>3</Days></NoncurrentVersionExpiration>",
    ],
)
def test_everything_else_does(text: str) -> None:
    wanted = rule("<ID>a</ID><Filter/><Status>Enabled</Status><Expiration><Days>3</Days></Expiration>")
    assert meaning(rule(text)) != meaning(wanted)


def test_which_class_belongs_to_which_day_counts() -> None:
    forms = [
        "<Transition><Days>{}</Days><StorageClass>GLACIER</StorageClass></Transition>"
        "<Transition><Days>{}</Days><StorageClass>STANDARD_IA</StorageClass></Transition>"
    ] * 2
    assert meaning(rule(forms[0].format(30, 90))) != meaning(rule(forms[1].format(90, 30)))
    assert "Transition/Days=30" in sentence(rule(forms[0].format(30, 90)))
    assert "Transition/Days=90" in sentence(rule(forms[0].format(30, 90)))


def test_sentences() -> None:
    rules = Rules(colder_after_days=3, colder_class="COLD", delete_after_days=21, abort_after_days=1)
    assert [sentence(one) for one in wanted_rules(rules)] == [
        "objects are changed to class COLD 3 days after they were stored",
        "objects are deleted 21 days after they were stored",
        "what unfinished writers left is removed after 1 day",
    ]
    off = rule("<ID>x</ID><Status>Disabled</Status><Expiration><Days>1</Days></Expiration>")
    assert sentence(off) == "objects are deleted 1 day after they were stored (switched off) (not ours: x)"


def test_the_day_of_deletion() -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC)
    rules = wanted_rules(Rules(delete_after_days=2))
    assert deleted_at(rules, "a", day.replace(hour=10)) == datetime(2026, 3, 4, tzinfo=UTC)
    assert deleted_at(rules, "a", day) == datetime(2026, 3, 3, tzinfo=UTC)
    assert deleted_at([], "a", day) is None
    assert deleted_at(parsed(OLD_FORM), "logs/a", day) == datetime(2026, 3, 2, tzinfo=UTC)
    assert deleted_at(parsed(OLD_FORM), "films/a", day) is None
    for filtered in ("<Tag><Key>k</Key><Value>v</Value></Tag>", "<And><Prefix>a</Prefix></And>"):
        more = rule(f"<Filter>{filtered}</Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration>")
        assert deleted_at([more], "a", day) is None


def test_the_first_of_several_rules_deletes_and_one_that_is_off_does_not() -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC)
    form = "<Filter/><Status>{}</Status><Expiration><Days>{}</Days></Expiration>"
    soon, late, off = (rule(form.format(*said)) for said in (("Enabled", 2), ("Enabled", 9), ("Disabled", 1)))
    for order in ([soon, late, off], [off, late, soon]):
        assert deleted_at(order, "a", day) == datetime(2026, 3, 3, tzinfo=UTC)
    assert deleted_at([off], "a", day) is None


@pytest.mark.parametrize(("name", "ours"), [("media-ops-delete", True), ("old-media-ops-delete", False), ("", False)])
def test_ours_are_told_by_how_their_id_begins(name: str, ours: bool) -> None:
    one = rule(f"<ID>{name}</ID><Status>Enabled</Status><Expiration><Days>1</Days></Expiration>")
    assert is_ours(one) == ours
    assert sentence(one).endswith("stored" if ours else f"(not ours: {name or 'without id'})")
