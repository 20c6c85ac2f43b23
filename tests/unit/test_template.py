"""template.yaml keeps every rule of `tests/template_rules.py`, and every rule notices when it is broken.

Beside each rule stand ways to spoil our template, one for each thing that it looks at: a rule that finds nothing in a
spoiled template could not fail, and proves nothing about ours.
"""

import copy
import json
from collections.abc import Callable

import pytest

from roster_aws.fleet import LISTED_OF_A_HEAD
from tests import template_rules
from tests.template_rules import (
    a_message_stays_hidden_while_its_import_runs_and_never_gets_lost,
    buckets_are_private_versioned_encrypted_and_kept,
    buckets_take_tls_only,
    every_upload_reaches_the_queue,
    functions_have_all_they_need,
    is_clean_cloudformation,
    logs_cost_no_more_than_they_say,
    logs_end_some_day,
    only_erasing_deletes_what_was_uploaded_or_published,
    only_imports_sign_and_the_keys_are_kept,
    pages_of_aws_are_linked_in_each_of_its_worlds,
    people_can_read_what_to_choose_and_what_they_got,
    published_versions_never_expire_by_age,
    roles_allow_named_actions_on_our_own_resources,
    routes_are_made_one_after_the_other,
    the_feed_can_be_kept_free_of_what_else_runs,
    the_feed_knows_who_asks,
    the_feed_writes_to_its_own_items_alone,
    the_index_of_heads_has_what_is_read_of_it,
    the_table_is_kept_and_can_be_restored,
    the_trail_records_who_calls_and_nothing_else,
    uploaders_reach_the_pair_and_nothing_else,
)
from tests.translated import Rule, Spoil, Template, each_spoil, properties, role_statement, spoiled, translated, within


@pytest.fixture(scope="module")
def template() -> Template:
    return translated()


RULES: dict[Rule, list[Spoil]] = {
    is_clean_cloudformation: [within("ImportQueue", "VisibilityTimeout", becomes="soon")],
    buckets_are_private_versioned_encrypted_and_kept: [
        within("InboxBucket", "VersioningConfiguration"),
        within("ResultsBucket", "BucketEncryption"),
        within("InboxBucket", "PublicAccessBlockConfiguration", "BlockPublicPolicy", becomes=""),
        within("ResultsBucket", "OwnershipControls"),
        within("ResultsBucket", "LifecycleConfiguration"),
        lambda resources: resources["InboxBucket"].pop("DeletionPolicy"),
        lambda resources: resources.update(Third=copy.deepcopy(resources["InboxBucket"])),
    ],
    buckets_take_tls_only: [
        lambda resources: resources.pop("InboxBucketPolicy"),
        within("ResultsBucketPolicy", "PolicyDocument", "Statement", 0, "Effect", becomes="Allow"),
        lambda resources: resources["ResultsBucketPolicy"].update(Condition="TellSomebody"),
    ],
    published_versions_never_expire_by_age: [
        within("ResultsBucket", "LifecycleConfiguration", "Rules", 0, "TagFilters"),
        within("ResultsBucket", "LifecycleConfiguration", "Rules", 1, "ExpirationInDays", becomes=365),
    ],
    every_upload_reaches_the_queue: [
        within("InboxBucket", "NotificationConfiguration"),
        within("InboxBucket", "NotificationConfiguration", "QueueConfigurations", 0, "Filter", becomes={"S3Key": {}}),
        within("ImportQueuePolicy", "PolicyDocument", "Statement", 0, "Condition", becomes={}),
    ],
    a_message_stays_hidden_while_its_import_runs_and_never_gets_lost: [
        within("ImportPairFunction", "Timeout", becomes=301),
        within("ImportQueue", "RedrivePolicy", "maxReceiveCount", becomes=1),
        within("ImportDeadLetterQueue", "MessageRetentionPeriod", becomes=3600),
        within("ImportPairFunctionUploads", "BatchSize", becomes=10),
        within("ImportPairFunctionUploads", "FunctionResponseTypes", becomes=[]),
        within("ImportPairFunctionUploads", "ScalingConfig"),
        within("ImportQueue", "SqsManagedSseEnabled", becomes=False),
    ],
    roles_allow_named_actions_on_our_own_resources: [
        lambda resources: role_statement(resources, "ManageSiteRole", 0).update(Action="dynamodb:*"),
        lambda resources: role_statement(resources, "ManageSiteRole", 0).update(Resource="*"),
        within("ServeFeedRole", "ManagedPolicyArns", becomes=["arn:aws:iam::aws:policy/AdministratorAccess"]),
        within("ServeFeedRole", "AssumeRolePolicyDocument", "Statement", 0, "Principal", becomes={"AWS": "*"}),
        lambda resources: role_statement(resources, "WatchFleetRole", 1).update(Resource={"Fn::Sub": "${Table.Arn}/*"}),
        lambda resources: role_statement(resources, "ImportPairRole", 3)["Action"].append("dynamodb:BatchGetItem"),
        lambda resources: role_statement(resources, "ServeFeedRole", 4).update(Action="dynamodb:PartiQLSelect"),
    ],
    functions_have_all_they_need: [
        within("ServeFeedFunction", "Environment", "Variables", "TABLE_NAME"),
        within("ShowReportsFunction", "Environment", "Variables", "MANAGE_SITE_ARN"),
        within("ServeFeedFunction", "Architectures", becomes=["x86_64"]),
        within("ServeFeedFunction", "Layers", becomes=[]),
        within("ServeFeedFunction", "Role", becomes={"Fn::GetAtt": ["ImportPairRole", "Arn"]}),
        within("ServeFeedFunction", "LoggingConfig", "LogFormat", becomes="Text"),
        lambda resources: resources.pop("ManageSiteFunction"),
    ],
    logs_end_some_day: [
        within("FeedAccessLogs", "RetentionInDays"),
        lambda resources: resources.pop("FeedAccessLogs"),
        within("ReportsLogs", "RetentionInDays", becomes={"Ref": "LogRetentionDays"}),
        within("ManageSiteLogs", "RetentionInDays", becomes={"Ref": "LogRetentionDays"}),
        lambda resources: resources["ReportsLogs"].pop("DeletionPolicy"),
        lambda resources: resources["ManageSiteLogs"].pop("UpdateReplacePolicy"),
    ],
    the_trail_records_who_calls_and_nothing_else: [
        lambda resources: resources.pop("AuditTrailOfCallers"),
        lambda resources: resources["AuditTrailOfCallers"].pop("Condition"),
        within("AuditTrailOfCallers", "AdvancedEventSelectors", 0, "FieldSelectors", 2),
        within("AuditTrailOfCallers", "EnableLogFileValidation", becomes=False),
        within(
            "AuditTrailBucketPolicy", "PolicyDocument", "Statement", 2, "Condition", "StringEquals", "aws:SourceArn"
        ),
    ],
    routes_are_made_one_after_the_other: [
        lambda resources: resources["FeedHeadRoute"].pop("DependsOn"),
        lambda resources: resources["FeedTokenRoute"].update(DependsOn="FeedEnrolRoute"),
    ],
    the_feed_can_be_kept_free_of_what_else_runs: [
        within("ServeFeedFunction", "ReservedConcurrentExecutions"),
        within("AuthorizeServerFunction", "ReservedConcurrentExecutions", becomes={"Ref": "FeedConcurrency"}),
    ],
    logs_cost_no_more_than_they_say: [
        within("ServeFeedFunction", "LoggingConfig", "SystemLogLevel"),
        within("AuthorizeServerFunction", "LoggingConfig", "SystemLogLevel", becomes="INFO"),
        within("FeedAccessLogs", "LogGroupName", becomes={"Fn::Sub": "/${AWS::StackName}/feed-access"}),
    ],
    pages_of_aws_are_linked_in_each_of_its_worlds: [],
    the_table_is_kept_and_can_be_restored: [
        within("Table", "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled", becomes=False),
        within("Table", "TimeToLiveSpecification", "AttributeName", becomes="ttl"),
        within("Table", "BillingMode", becomes="PROVISIONED"),
        within("Table", "DeletionProtectionEnabled", becomes=False),
        within("Table", "SSESpecification", becomes={"SSEEnabled": False}),
        lambda resources: resources["Table"].pop("UpdateReplacePolicy"),
    ],
    the_index_of_heads_has_what_is_read_of_it: [
        within("Table", "GlobalSecondaryIndexes", 0, "Projection", "NonKeyAttributes", 0),
        within("Table", "GlobalSecondaryIndexes", 0, "Projection", "ProjectionType", becomes="ALL"),
        within("Table", "GlobalSecondaryIndexes", 0, "KeySchema", 0, "AttributeName", becomes="site"),
        within("Table", "GlobalSecondaryIndexes", 0, "IndexName", becomes="heads"),
    ],
    only_imports_sign_and_the_keys_are_kept: [
        lambda resources: resources.pop("SigningKeyB"),
        lambda resources: resources["SigningKeyA"].pop("UpdateReplacePolicy"),
        within("SigningKeyA", "KeySpec", becomes="RSA_2048"),
        within("SigningKeyA", "MultiRegion"),
        within("ImportPairFunction", "Environment", "Variables", "SIGNING_KEYS", becomes={"Ref": "ExistingKeyA"}),
        within("SigningKeyB", "KeyPolicy", "Statement", 0, "Principal", becomes="*"),
        lambda resources: role_statement(resources, "ServeFeedRole", 2)["Action"].append("kms:Sign"),
        lambda resources: role_statement(resources, "ImportPairRole", 4)["Action"].append("kms:Decrypt"),
    ],
    uploaders_reach_the_pair_and_nothing_else: [
        lambda resources: role_statement(resources, "AcceptUploadsRole", 0)["Resource"].append(
            {"Fn::Sub": "${InboxBucket.Arn}/*/settings.json"}
        ),
        lambda resources: role_statement(resources, "AcceptUploadsRole", 0).update(
            Action=["s3:PutObject", "s3:GetObject"]
        ),
        lambda resources: role_statement(resources, "ImportPairRole", 0)["Action"].append("s3:PutObject"),
        lambda resources: role_statement(resources, "CheckUploadsRole", 0).update(
            Action=["s3:PutObject", "s3:GetObject"]
        ),
    ],
    the_feed_writes_to_its_own_items_alone: [
        lambda resources: role_statement(resources, "AcceptUploadsRole", 3).pop("Condition"),
        lambda resources: role_statement(resources, "CheckUploadsRole", 5).pop("Condition"),
        lambda resources: role_statement(resources, "AcceptUploadsRole", 2)["Action"].append("dynamodb:UpdateItem"),
        lambda resources: role_statement(resources, "ServeFeedRole", 2)["Action"].append("dynamodb:UpdateItem"),
        lambda resources: role_statement(resources, "ServeFeedRole", 3).pop("Condition"),
        lambda resources: role_statement(resources, "ServeFeedRole", 4).update(Action="dynamodb:PutItem"),
        lambda resources: role_statement(resources, "ServeFeedRole", 5).update(
            Condition={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["*"]}}
        ),
        lambda resources: role_statement(resources, "AuthorizeServerRole", 0).update(Action="dynamodb:PutItem"),
    ],
    only_erasing_deletes_what_was_uploaded_or_published: [
        lambda resources: role_statement(resources, "ImportPairRole", 0)["Action"].append("s3:DeleteObject"),
        lambda resources: role_statement(resources, "EraseSiteRole", 1)["Action"].append("s3:GetObject"),
        lambda resources: role_statement(resources, "EraseSiteRole", 1).update(Action="s3:AbortMultipartUpload"),
    ],
    the_feed_knows_who_asks: [
        within("FeedHeadRoute", "AuthorizationType", becomes="NONE"),
        within("FeedObjectRoute", "AuthorizerId"),
        within("FeedAuthorizer", "AuthorizerResultTtlInSeconds", becomes=300),
        within("FeedAuthorizer", "EnableSimpleResponses", becomes=False),
        within("FeedStage", "DefaultRouteSettings", "ThrottlingRateLimit"),
        within("FeedStage", "AccessLogSettings", "Format", becomes="{}"),
    ],
}


def test_ours_should_break_no_rule(template: Template, subtests: pytest.Subtests) -> None:
    for rule in [*RULES, people_can_read_what_to_choose_and_what_they_got]:
        with subtests.test(rule.__name__):
            assert rule(template) == []


@pytest.mark.parametrize(("rule", "spoil"), each_spoil(RULES))
def test_should_notice_what_is_spoiled(rule: Rule, spoil: Spoil, template: Template) -> None:
    assert rule(spoiled(template, spoil)) != []


@pytest.mark.parametrize("section", ["Parameters", "Outputs"])
def test_should_notice_what_is_not_explained(section: str, template: Template) -> None:
    bare = copy.deepcopy(template)
    next(iter(bare[section].values())).pop("Description")
    assert people_can_read_what_to_choose_and_what_they_got(bare) != []


@pytest.mark.parametrize(
    ("section", "spoiled_by"),
    [
        ("Mappings", lambda text: text.replace("aws-cn", "elsewhere")),
        ("Outputs", lambda text: text.replace("Find", "")),
    ],
)
def test_should_notice_a_link_that_leads_into_another_world(
    section: str, spoiled_by: Callable[[str], str], template: Template
) -> None:
    changed = template | {section: json.loads(spoiled_by(json.dumps(template[section])))}
    assert pages_of_aws_are_linked_in_each_of_its_worlds(changed) != []


def test_should_notice_that_an_index_was_changed_under_its_name_even_when_the_code_agrees(
    template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DynamoDB refuses it, so the update of every stack would be rolled back."""
    monkeypatch.setattr(template_rules, "LISTED_OF_A_HEAD", (*LISTED_OF_A_HEAD, "settings"))
    copied = properties(template, "Table")["GlobalSecondaryIndexes"][0]["Projection"]["NonKeyAttributes"]
    more = within("Table", "GlobalSecondaryIndexes", 0, "Projection", "NonKeyAttributes", becomes=[*copied, "settings"])
    (wrong,) = the_index_of_heads_has_what_is_read_of_it(spoiled(template, more))
    assert "by another name" in wrong


def test_should_allow_two_indexes_side_by_side_while_a_stack_changes_over(
    template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = copy.deepcopy(template)
    indexes = properties(both, "Table")["GlobalSecondaryIndexes"]
    indexes.append(copy.deepcopy(indexes[0]))
    indexes[-1]["IndexName"] = "heads-9"
    monkeypatch.setitem(template_rules.PROJECTIONS, "heads-9", template_rules.projection_digest(indexes[-1]))
    assert the_index_of_heads_has_what_is_read_of_it(both) == []


def test_should_set_a_concurrency_that_aws_accepts_even_when_the_parameter_is_not_used(template: Template) -> None:
    condition, on_aws, elsewhere = properties(template, "ImportPairFunctionUploads")["ScalingConfig"][
        "MaximumConcurrency"
    ]["Fn::If"]
    assert (condition, on_aws) == ("OnAws", {"Ref": "ImportConcurrency"})
    assert 2 <= elsewhere <= 1000
    assert 2 <= template["Parameters"]["ImportConcurrency"]["Default"] <= 1000
