"""What no linter knows of template.yaml as one of many: stacks beside it in an account, and the account's own limits.

In: a translated template. Out of each rule: what is wrong with it, one sentence per finding, nothing when all is well.
`tests/unit/test_account.py` applies them, and proves of each that it notices a spoiled template.
"""

from typing import Any

from tests.translated import Template, resolve

# Names that are a resource's own affair: what another stack calls its own cannot collide with them.
_NAMES_WITHIN = {
    ("AWS::ApiGatewayV2::Authorizer", "Name"),
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


def _text(template: Template, value: Any) -> str:
    """What an expression becomes in a stack called sample; a parameter's value is whatever it is."""
    try:
        return resolve(template, value)
    except KeyError:
        return ""
