"""What no linter knows of template.yaml as one of many: stacks beside it in an account, and the account's own limits.

In: a translated template. Out of each rule: what is wrong with it, one sentence per finding, nothing when all is well.
`tests/unit/test_account.py` applies them, and proves of each that it notices a spoiled template.
"""

from typing import Any

from tests.dashboard_rules import metrics_shown
from tests.translated import Template, of_type, resolve
from tests.watching_rules import NAMESPACE, alarmed

# Names that are a resource's own affair, so that what another stack calls its own cannot collide with them; and the
# one that a person chooses for each stack.
_NAMES_WITHIN = {
    ("AWS::ApiGatewayV2::ApiMapping", "DomainName"),
    ("AWS::ApiGatewayV2::Authorizer", "Name"),
    ("AWS::ApiGatewayV2::DomainName", "DomainName"),
    ("AWS::ApiGatewayV2::Stage", "StageName"),
    ("AWS::CloudWatch::Alarm", "MetricName"),
    ("AWS::SNS::Topic", "DisplayName"),
}


def fixed_names_hold_the_stack_s(template: Template) -> list[str]:
    """A name is one in an account and region, so a second stack would fail at the first that both have."""
    wrong = []
    for name, resource in template["Resources"].items():
        for key, value in resource.get("Properties", {}).items():
            names = key.endswith("Name") and (resource["Type"], key) not in _NAMES_WITHIN
            if names and "sample" not in _text(template, value):
                wrong.append(f"{name}: every stack's {key} is {value}")
    return wrong


def what_outlives_the_stack_is_not_named(template: Template) -> list[str]:
    """A stack that failed or was removed leaves it behind, and one of the same name could then never be created."""
    return [
        f"{name}: a stack that is made anew would find its {key} taken"
        for name, resource in template["Resources"].items()
        if "Retain" in (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        for key in resource.get("Properties", {})
        if key.endswith("Name")
    ]


def metrics_are_the_stack_s_own(template: Template) -> list[str]:
    """Each metric, that is told, shown or alarmed, is of this stack: under its name, or of a resource of its own."""
    wrong = []
    for name, function in of_type(template, "AWS::Lambda::Function").items():
        told = function["Properties"]["Environment"]["Variables"].get("METRICS_NAMESPACE", "")
        if _text(template, told) != NAMESPACE:
            wrong.append(f"{name} tells its metrics under another name than {NAMESPACE}")
    for namespace, name, dimensions in {*alarmed(template), *metrics_shown(template)}:
        of_ours = namespace.startswith("AWS/") and any("sample" in each for each in dimensions)
        if namespace != NAMESPACE and not of_ours:
            wrong.append(f"{namespace} {name} {dimensions} may be of another stack")
    return wrong


def _text(template: Template, value: Any) -> str:
    """What an expression becomes in a stack called sample; a parameter's value is whatever it is."""
    try:
        return resolve(template, value)
    except KeyError:
        return ""
