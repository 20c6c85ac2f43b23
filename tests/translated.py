"""template.yaml as CloudFormation gets it, and ways to read it and to spoil it.

In: nothing. Out: the translated template; its expressions (Ref, Fn::GetAtt, Fn::Sub) with sample values put in, so that
names which meet in a deployed stack can be compared here. Refused: an expression that names what is not there.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[1]

Template = dict[str, Any]
Resources = dict[str, Any]
Rule = Callable[[Template], list[str]]
Spoil = Callable[[Resources], object]

PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-2",
    "AWS::StackName": "sample",
    "AWS::URLSuffix": "amazonaws.com",
}
# The property of a resource that names it, where it has one; a resource that is not named is named by CloudFormation.
_NAMED_BY = ("FunctionName", "AlarmName", "LogGroupName", "DashboardName")


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


@cache
def translated() -> Template:
    """The CloudFormation that template.yaml is translated to; to be copied before it is changed."""
    source = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    for resource in source["Resources"].values():
        for key in {"CodeUri", "ContentUri"} & resource.get("Properties", {}).keys():
            resource["Properties"][key] = "s3://somewhere/after-packaging"
    template: Template = transform(source, {}, _NoManagedPolicies())
    return template


def of_type(template: Template, kind: str) -> Resources:
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] == kind}


def properties(template: Template, name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def statements(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from resource["Properties"]["PolicyDocument"]["Statement"]


def allowed(template: Template, role: str) -> Iterator[dict[str, Any]]:
    """What the policies of a role allow."""
    for policy in properties(template, role)["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def role_of(template: Template, function: str) -> str:
    role: str = properties(template, function)["Role"]["Fn::GetAtt"][0]
    return role


def listed(value: Any) -> list[Any]:
    """What may be written alone or as a list, as a list."""
    return value if isinstance(value, list) else [value]


def resolve(template: Template, value: Any) -> str:
    """The text that an expression becomes in a stack called sample; KeyError for what is not in the template."""
    match value:
        case str():
            return value
        case {"Ref": str(name)}:
            return PSEUDO.get(name) or _name(template, name)
        case {"Fn::GetAtt": [name, attribute]}:
            return _attribute(template, name, attribute)
        case {"Fn::Sub": [str(text), dict(variables)]}:
            return _substituted(template, text, {name: resolve(template, each) for name, each in variables.items()})
        case {"Fn::Sub": str(text)}:
            return _substituted(template, text, {})
    raise KeyError(f"no text: {value}")


def _substituted(template: Template, text: str, variables: dict[str, str]) -> str:
    def put_in(found: re.Match[str]) -> str:
        name, _, attribute = found[1].partition(".")
        if name in variables:
            return variables[name]
        return _attribute(template, name, attribute) if attribute else PSEUDO.get(name) or _name(template, name)

    return re.sub(r"\$\{([^!}]+)\}", put_in, text)


def _name(template: Template, logical_id: str) -> str:
    has = template["Resources"][logical_id].get("Properties", {})
    given = [resolve(template, has[name]) for name in _NAMED_BY if name in has]
    return given[0] if given else f"sample-{logical_id}"


def _attribute(template: Template, logical_id: str, attribute: str) -> str:
    name = _name(template, logical_id)
    if attribute != "Arn":
        return name
    kind = template["Resources"][logical_id]["Type"]
    service, shape = {
        "AWS::Lambda::Function": ("lambda", "function:"),
        "AWS::CloudWatch::Alarm": ("cloudwatch", "alarm:"),
        "AWS::CloudWatch::CompositeAlarm": ("cloudwatch", "alarm:"),
    }.get(kind, (kind, ""))
    return f"arn:aws:{service}:{PSEUDO['AWS::Region']}:{PSEUDO['AWS::AccountId']}:{shape}{name}"


def role_statement(resources: Resources, role: str, number: int) -> dict[str, Any]:
    found: dict[str, Any] = resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][number]
    return found


def within(name: str, *path: str | int, becomes: object = None) -> Spoil:
    """A spoiling: the value at ``path`` of a resource's properties is replaced, or removed."""

    def spoil(resources: Resources) -> None:
        at = resources[name]["Properties"]
        for step in path[:-1]:
            at = at[step]
        if becomes is None:
            del at[path[-1]]
        else:
            at[path[-1]] = becomes

    return spoil


def swapped(old: str, new: str) -> Spoil:
    """A spoiling of the dashboard's text or of one of its parts."""

    def spoil(resources: Resources) -> None:
        whole = json.dumps(resources["Dashboard"]["Properties"]["DashboardBody"])
        old_text, new_text = json.dumps(old)[1:-1], json.dumps(new)[1:-1]
        assert old_text in whole, f"the dashboard has no {old}"
        resources["Dashboard"]["Properties"]["DashboardBody"] = json.loads(whole.replace(old_text, new_text))

    return spoil


def each_spoil(rules: Mapping[Rule, Sequence[Spoil]]) -> list[tuple[Rule, Spoil]]:
    """Every rule with each of the spoilings that it has to notice, one pair a test."""
    return [(rule, spoil) for rule, spoils in rules.items() for spoil in spoils]


def spoiled(template: Template, spoil: Spoil) -> Template:
    """A spoiled copy of a template."""
    copied = copy.deepcopy(template)
    spoil(copied["Resources"])
    return copied
