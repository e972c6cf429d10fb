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


def meaning(rule: Xml) -> tuple[str, ...]:
    """Give what two writings of one rule have in common, whatever the order and the empty elements."""
    return tuple(sorted(_paths(rule, "")))


def sentence(rule: Xml) -> str:
    """Say what a rule does; what is no plain rule for the whole bucket is quoted."""
    parts = dict(part.split("=", 1) for part in meaning(rule))
    parts.pop("ID", None)
    off = " (switched off)" if parts.pop("Status", "Enabled") != "Enabled" else ""
    match sorted(parts.items()):
        case [("Transition/Days", days), ("Transition/StorageClass", kind)]:
            said = f"objects are changed to class {kind} {spoken(int(days))} after they were stored"
        case [("Expiration/Days", days)]:
            said = f"objects are deleted {spoken(int(days))} after they were stored"
        case [("AbortIncompleteMultipartUpload/DaysAfterInitiation", days)]:
            said = f"what unfinished writers left is removed after {spoken(int(days))}"
        case _:
            said = ", ".join(meaning(rule))
    return said + off if is_ours(rule) else f"{said}{off} (not ours: {rule_id(rule) or 'without id'})"


def deleted_at(rules: list[Xml], key: str, stored: datetime) -> datetime | None:
    """Give when an object is deleted by days and prefix: S3 waits for the midnight (UTC) after its last day."""
    days = [age for rule in rules if (age := _days(rule, key)) is not None]
    if not days:
        return None
    end = stored + timedelta(days=min(days))
    midnight = datetime.combine(end.date(), time(), end.tzinfo)
    return midnight if midnight == end else midnight + timedelta(days=1)


def _days(rule: Xml, key: str) -> int | None:
    parts = [part.split("=", 1) for part in meaning(rule)]
    found = dict(part for part in parts if part[0] not in ("ID", "Expiration/Days"))
    prefix = found.pop("Filter/Prefix", "") or found.pop("Prefix", "")
    on = found.pop("Status", "") == "Enabled"
    filtered = any(name.startswith("Filter/") for name in found)  # by tags or sizes, which a listing does not tell
    days = dict(part for part in parts if part[0] == "Expiration/Days").get("Expiration/Days")
    return int(days) if days and on and not filtered and key.startswith(prefix) else None


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


def _paths(element: Xml, above: str) -> list[str]:
    found = []
    for child in element:
        path = above + _name(child)
        text = (child.text or "").strip()
        if text:
            found.append(f"{path}={text}")
        found += _paths(child, f"{path}/")
    return found
