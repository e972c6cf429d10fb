"""Lifecycle rules of a bucket, as the server writes them.

The minio client's own records of rules lose what they do not know: a rule of somebody else with the older form of a
prefix would come back as one for the whole bucket, and empty it. So rules of others pass through as XML.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from xml.etree import ElementTree

from media_ops.storage.rules import Rules, spoken

OURS = "media-ops-"  # how the ids of our rules begin
SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

Xml = ElementTree.Element
Meaning = tuple[str, str, tuple["Meaning", ...]]


def parsed(text: str) -> list[Xml]:
    """Give the rules of a lifecycle configuration."""
    return [element for element in ElementTree.fromstring(text) if _name(element) == "Rule"]


def document(rules: list[Xml]) -> Xml:
    """Join rules into a lifecycle configuration."""
    ElementTree.register_namespace("", SPACE)
    root = ElementTree.Element(f"{{{SPACE}}}LifecycleConfiguration")
    root.extend(rules)
    return root


def wanted_rules(rules: Rules) -> list[Xml]:
    """Write our rules: one for each that is on, for the whole bucket."""
    made = []
    if rules.colder_after_days is not None:
        action = {"Days": str(rules.colder_after_days), "StorageClass": rules.colder_class or ""}
        made.append(_rule("colder", "Transition", action))
    if rules.delete_after_days is not None:
        made.append(_rule("delete", "Expiration", {"Days": str(rules.delete_after_days)}))
    if rules.abort_after_days is not None:
        action = {"DaysAfterInitiation": str(rules.abort_after_days)}
        made.append(_rule("abort", "AbortIncompleteMultipartUpload", action))
    return made


def rule_id(rule: Xml) -> str:
    """Give a rule's id; empty if it has none."""
    return _text(rule, "ID")


def is_ours(rule: Xml) -> bool:
    """Whether a rule is one of those that we write and may replace."""
    return rule_id(rule).startswith(OURS)


def meaning(element: Xml) -> Meaning:
    """Give what two writings of one rule have in common, whatever the order and the empty elements."""
    children = sorted(meaning(child) for child in element)
    return _name(element), (element.text or "").strip(), tuple(child for child in children if any(child[1:]))


def spelled(rule: Xml) -> str:
    """Write a rule on one line."""
    return ", ".join(f"{name}={value}" for name, value in _fields(meaning(rule)))


def sentence(rule: Xml) -> str:
    """Say what a rule does; what is no plain rule for the whole bucket is spelled."""
    fields = [(name, value) for name, value in _fields(meaning(rule)) if name not in ("ID", "Status")]
    match fields:
        case [("Transition/Days", days), ("Transition/StorageClass", kind)]:
            said = f"objects are changed to class {kind} {spoken(int(days))} after they were stored"
        case [("Expiration/Days", days)]:
            said = f"objects are deleted {spoken(int(days))} after they were stored"
        case [("AbortIncompleteMultipartUpload/DaysAfterInitiation", days)]:
            said = f"what unfinished writers left is removed after {spoken(int(days))}"
        case _:
            said = ", ".join(f"{name}={value}" for name, value in fields)
    said += "" if _text(rule, "Status") == "Enabled" else " (switched off)"
    return said if is_ours(rule) else f"{said} (not ours: {rule_id(rule) or 'without id'})"


def deleted_at(rules: list[Xml], key: str, stored: datetime) -> datetime | None:
    """Give when an object is deleted by days and prefix: S3 waits for the midnight (UTC) after its last day."""
    days = [age for rule in rules if (age := _days(rule, key)) is not None]
    if not days:
        return None
    end = stored + timedelta(days=min(days))
    midnight = datetime.combine(end.date(), time(), end.tzinfo)
    return midnight if midnight == end else midnight + timedelta(days=1)


def _days(rule: Xml, key: str) -> int | None:
    fields = dict(_fields(meaning(rule)))
    prefix = fields.pop("Filter/Prefix", "") or fields.pop("Prefix", "")
    filtered = any(name.startswith("Filter/") for name in fields)  # by tags or sizes, which a listing does not tell
    days = fields.get("Expiration/Days")
    applies = fields.get("Status") == "Enabled" and not filtered and key.startswith(prefix)
    return int(days) if days and applies else None


def _rule(name: str, action: str, fields: dict[str, str]) -> Xml:
    rule = ElementTree.Element(f"{{{SPACE}}}Rule")
    _add(rule, "ID", OURS + name)
    _add(_add(rule, "Filter"), "Prefix")
    _add(rule, "Status", "Enabled")
    element = _add(rule, action)
    for field, value in fields.items():
        _add(element, field, value)
    return rule


def _add(parent: Xml, name: str, text: str | None = None) -> Xml:
    element = ElementTree.SubElement(parent, f"{{{SPACE}}}{name}")
    element.text = text
    return element


def _name(element: Xml) -> str:
    return element.tag.rpartition("}")[2]


def _text(parent: Xml, name: str) -> str:
    return next((child.text or "" for child in parent if _name(child) == name), "")


def _fields(rule: Meaning, above: str = "") -> list[tuple[str, str]]:
    found = []
    for name, text, children in rule[2]:
        found += [(above + name, text)] if text else []
        found += _fields((name, text, children), f"{above}{name}/")
    return found
