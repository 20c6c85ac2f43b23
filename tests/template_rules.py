"""What no linter knows about template.yaml: rules over the CloudFormation that it is translated to.

In: a translated template. Out of each rule: what is wrong with it, one sentence per finding, nothing when all is well.
`tests/unit/test_template.py` applies them, and proves of each that it notices a spoiled template. What is told of an
import, and who hears of it, is in `tests/watching_rules.py`.
"""

import hashlib
import json
import re
from typing import Any

from cfnlint.api import ManualArgs, lint

from roster.notices import BUNDLES
from roster.uploads import UPLOADABLE
from roster_aws.fleet import HEADS, LISTED_OF_A_HEAD
from roster_aws.intake.staging import STAGED
from tests.translated import ROOT, Template, allowed, listed, of_type, properties, statements

FUNCTIONS = {
    *("ImportPairFunction", "ManageSiteFunction", "ServeFeedFunction", "AuthorizeServerFunction"),
    *("ShowReportsFunction", "WatchFleetFunction", "AcceptUploadsFunction", "PostToTeamsFunction"),
    "CheckUploadsFunction",
    "EraseSiteFunction",
    "FetchSourceFunction",
}
ADAPTERS = "".join(file.read_text(encoding="utf-8") for file in sorted(ROOT.glob("layers/aws/roster_aws/**/*.py")))
BUCKETS = {"InboxBucket", "ResultsBucket"}
TRAIL_BUCKET = "AuditTrailBucket"
#: The log groups that are kept for a year and a month, and after the stack: what was done, and who asked for it.
KEPT_LOGS = {"ReportsLogs", "ManageSiteLogs", "EraseSiteLogs"}
VARIABLES = {
    *("TABLE_NAME", "INBOX_BUCKET", "RESULTS_BUCKET", "QUEUE_URL", "REPORTS_LOG_GROUP", "METRICS_NAMESPACE"),
    "POWERTOOLS_SERVICE_NAME",
}
MORE_VARIABLES = {
    "ImportPairFunction": {"SIGNING_KEYS", "SIGNING_KEY_IN_USE", "KEYRING_SERIAL", "ALERT_TOPIC", "DASHBOARD_URL"},
    "ManageSiteFunction": {"SHOW_REPORTS_ARN", "ALERT_TOPIC", "FETCH_SOURCE"},
    "WatchFleetFunction": {"ALERT_TOPIC", "DASHBOARD_URL", "FETCH_SOURCE"},
    "FetchSourceFunction": {"ALERT_TOPIC", "DASHBOARD_URL", "SOURCE_SECRETS", "LOCAL_CLOUD"},
    "EraseSiteFunction": {"ALERT_TOPIC"},
    "ServeFeedFunction": {"FEED_POLL_SECONDS"},
    "ShowReportsFunction": {"MANAGE_SITE_ARN"},
}
OUTPUTS = {
    *("InboxBucketName", "ResultsBucketName", "TableName", "ImportQueueUrl", "FeedUrl"),
    *("AlarmTopicArn", "AlertTopicArn", "EraseSiteFunctionName", "FetchSourceFunctionName"),
    *("ManageSiteFunctionName", "ShowReportsFunctionName", "WatchFleetFunctionName"),
    *("ReportsLogGroupName", "AuditLogGroupName", "DashboardUrl", "FeedDomainTarget"),
}


def buckets_are_private_versioned_encrypted_and_kept(template: Template) -> list[str]:
    known = BUCKETS | {TRAIL_BUCKET}
    wrong = [f"not the buckets we know: {name}" for name in of_type(template, "AWS::S3::Bucket").keys() ^ known]
    for name, bucket in of_type(template, "AWS::S3::Bucket").items():
        has = bucket["Properties"]
        blocked = has.get("PublicAccessBlockConfiguration", {})
        checks = {
            "versioned": has.get("VersioningConfiguration") == {"Status": "Enabled"},
            "encrypted": bool(has.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration")),
            "closed to the public": len(blocked) == 4 and all(blocked.values()),
            "owned": has.get("OwnershipControls") == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "kept": bucket.get("DeletionPolicy") == bucket.get("UpdateReplacePolicy") == "Retain",
            "swept": any(
                rule.get("AbortIncompleteMultipartUpload") and rule["Status"] == "Enabled"
                for rule in has.get("LifecycleConfiguration", {}).get("Rules", [])
            ),
        }
        wrong += [f"{name} is not {what}" for what, fulfilled in checks.items() if not fulfilled]
    return wrong


def buckets_take_tls_only(template: Template) -> list[str]:
    closed = set()
    for policy in of_type(template, "AWS::S3::BucketPolicy").values():
        bucket = policy["Properties"]["Bucket"]["Ref"]
        whole = [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}]
        if policy.get("Condition") == ("RecordCallers" if bucket == TRAIL_BUCKET else "OnAws") and any(
            (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
            and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            and statement["Resource"] == whole
            for statement in statements(policy)
        ):
            closed.add(bucket)
    return [f"{name} answers without TLS" for name in (BUCKETS | {TRAIL_BUCKET}) - closed]


def the_trail_records_who_calls_and_nothing_else(template: Template) -> list[str]:
    trails = of_type(template, "AWS::CloudTrail::Trail")
    wrong = [] if len(trails) == 1 else ["not one trail"]
    for name, trail in trails.items():
        has = trail["Properties"]
        (selector,) = has["AdvancedEventSelectors"]
        chosen = {each["Field"]: each["Equals"] for each in selector["FieldSelectors"]}
        arn = f"trail/{has['TrailName']['Fn::Sub']}"
        trusted = [
            statement
            for statement in statements(template["Resources"]["AuditTrailBucketPolicy"])
            if statement["Effect"] == "Allow"
        ]
        checks = {
            "wanted by the parameter": trail.get("Condition") == "RecordCallers",
            "of manage_site and erase_site alone": chosen
            == {
                "eventCategory": ["Data"],
                "resources.type": ["AWS::Lambda::Function"],
                "resources.ARN": [{"Fn::GetAtt": [f"{name}Function", "Arn"]} for name in ("ManageSite", "EraseSite")],
            },
            "on": has["IsLogging"] is True,
            "proof against changes": has["EnableLogFileValidation"] is True,
            "into a bucket that it may write to": trail.get("DependsOn") == "AuditTrailBucketPolicy",
            "the only one that may write there": len(trusted) == 2
            and all(arn in json.dumps(statement["Condition"]["StringEquals"]) for statement in trusted),
        }
        wrong += [f"{name} is not {what}" for what, fulfilled in checks.items() if not fulfilled]
    return wrong


def routes_are_made_one_after_the_other(template: Template) -> list[str]:
    """API Gateway refuses routes that are made at once, as concurrent modifications of one API."""
    routes = of_type(template, "AWS::ApiGatewayV2::Route")
    after = {name: route.get("DependsOn") for name, route in routes.items()}
    first = [name for name, before in after.items() if before not in routes]
    wrong = [f"{name} waits for no other route" for name in first[1:]]
    twice = [before for before in routes if list(after.values()).count(before) > 1]
    return [*wrong, *(f"two routes are made at once, after {name}" for name in twice)]


def the_feed_can_be_kept_free_of_what_else_runs(template: Template) -> list[str]:
    reserved = {"Fn::If": ["KeepFeedFree", {"Ref": "FeedConcurrency"}, {"Ref": "AWS::NoValue"}]}
    return [
        f"{name} can be starved by imports, or takes what the account may not have"
        for name, function in of_type(template, "AWS::Lambda::Function").items()
        if function["Properties"].get("ReservedConcurrentExecutions")
        != (reserved if name in ("ServeFeedFunction", "AuthorizeServerFunction") else None)
    ]


def logs_cost_no_more_than_they_say(template: Template) -> list[str]:
    """What the platform says of each request is two lines, of what every server asks all day."""
    wrong = [
        f"{name} has the platform tell of each request"
        for name in ("ServeFeedFunction", "AuthorizeServerFunction")
        if properties(template, name)["LoggingConfig"].get("SystemLogLevel") != "WARN"
    ]
    group = properties(template, "FeedAccessLogs")["LogGroupName"]["Fn::Sub"]
    return wrong if group.startswith("/aws/vendedlogs/") else [*wrong, "the access log fills the account's log policy"]


def pages_of_aws_are_linked_in_each_of_its_worlds(template: Template) -> list[str]:
    known = template["Mappings"]["Consoles"]
    link = json.dumps(template["Outputs"]["DashboardUrl"]["Value"])
    wrong = [f"no page in {world}" for world in ("aws", "aws-us-gov", "aws-cn") if world not in known]
    return wrong if "Fn::FindInMap" in link and "aws.amazon" not in link else [*wrong, "the dashboard's is a fixed one"]


def published_versions_never_expire_by_age(template: Template) -> list[str]:
    rules = properties(template, "ResultsBucket")["LifecycleConfiguration"]["Rules"]
    return [
        f"{rule['Id']} lets objects expire that nobody marked for it"
        for rule in rules
        if {"ExpirationInDays", "ExpirationDate"} & rule.keys()
        and rule.get("TagFilters") != [{"Key": "retention", "Value": "180-days"}]
        and rule.get("Prefix") != f"{STAGED}/"
    ]


def every_upload_reaches_the_queue(template: Template) -> list[str]:
    wanted = [{"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": ["ImportQueue", "Arn"]}}]
    notified = properties(template, "InboxBucket").get("NotificationConfiguration", {}).get("QueueConfigurations")
    wrong = [] if notified == wanted else ["the inbox does not tell the queue of every new object, whatever its name"]
    allowed = any(
        (statement["Effect"], statement["Principal"], statement["Action"])
        == ("Allow", {"Service": "s3.amazonaws.com"}, "sqs:SendMessage")
        and statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        for statement in statements(template["Resources"]["ImportQueuePolicy"])
    )
    return wrong if allowed else [*wrong, "S3 of this account, and nobody else, may send to the queue"]


def a_message_stays_hidden_while_its_import_runs_and_never_gets_lost(template: Template) -> list[str]:
    queue, dead = properties(template, "ImportQueue"), properties(template, "ImportDeadLetterQueue")
    mapping = properties(template, "ImportPairFunctionUploads")
    timeout = properties(template, "ImportPairFunction")["Timeout"]
    target = {"Fn::GetAtt": ["ImportDeadLetterQueue", "Arn"]}
    checks = {
        "hidden for less than six timeouts": queue["VisibilityTimeout"] >= 6 * timeout,
        "without a dead-letter queue": queue["RedrivePolicy"] == {"deadLetterTargetArn": target, "maxReceiveCount": 5},
        "dead letters are kept for less than 14 days": dead["MessageRetentionPeriod"] == 14 * 24 * 3600,
        "not encrypted": queue["SqsManagedSseEnabled"] and dead["SqsManagedSseEnabled"],
        "batches let sites wait for each other": mapping["BatchSize"] == 1,
        "one failure repeats its batch": mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"],
        "imports at once are not limited": "MaximumConcurrency" in mapping.get("ScalingConfig", {}),
    }
    return [what for what, fulfilled in checks.items() if not fulfilled]


def roles_allow_named_actions_on_our_own_resources(template: Template) -> list[str]:
    wrong = []
    for name, role in of_type(template, "AWS::IAM::Role").items():
        has = role["Properties"]
        if has.get("ManagedPolicyArns"):
            wrong.append(f"{name}: a managed policy allows more than is written here")
        trusted = [statement["Principal"] for statement in has["AssumeRolePolicyDocument"]["Statement"]]
        service = "scheduler" if name == "WatchFleetScheduleRole" else "lambda"
        if trusted != [{"Service": f"{service}.amazonaws.com"}]:
            wrong.append(f"{name}: somebody else than {service} may take it")
        for policy in has["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                actions, resources = listed(statement["Action"]), listed(statement["Resource"])
                if any("*" in action for action in actions):
                    wrong.append(f"{name}: {statement['Sid']} allows actions by wildcard")
                wrong += [f"{name}: nothing does {action}" for action in actions if not _is_done(action)]
                # Objects have no names of their own in a template, so a bucket's objects are all of them.
                objects: list[Any] = [{"Fn::Sub": f"${{{bucket}.Arn}}/*"} for bucket in BUCKETS]
                objects += [{"Fn::Sub": f"${{ResultsBucket.Arn}}/*/{what}/*"} for what in ("revoked", "no_console")]
                kinds = ("*/imports/*/notices.csv", "*/objects/*", f"{STAGED}/*")
                objects += [{"Fn::Sub": f"${{ResultsBucket.Arn}}/{kind}"} for kind in kinds]
                objects += [{"Fn::Sub": f"${{InboxBucket.Arn}}/*/{name}"} for name in UPLOADABLE]
                subscriptions: Any = {"Fn::If": ["OnAws", {"Fn::Sub": "${AlertTopic.TopicArn}:*"}, "*"]}
                objects.append(subscriptions)
                group = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${ReportsLogs}"
                indexes = [{"Fn::Sub": f"${{Table.Arn}}/index/{index}"} for index in PROJECTIONS]
                mine = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
                parts = [*objects, *indexes, {"Fn::Sub": group}, {"Fn::Sub": f"{mine}${{AWS::StackName}}/sources/*"}]
                wrong += [
                    f"{name}: {statement['Sid']} reaches {resource}"
                    for resource in resources
                    if resource not in parts and not _is_one_of_ours(resource)
                ]
    return wrong


def _is_one_of_ours(resource: Any) -> bool:
    """Whether this names one resource of the stack, or a key that was handed to it in the place of its own."""
    match resource:
        case {"Fn::GetAtt": _}:
            return True
        case {"Fn::If": [condition, {"Fn::GetAtt": _}, {"Ref": key}]}:
            return str(condition).startswith("MakeKey") and str(key).startswith("ExistingKey")
    return False


def _is_done(action: str) -> bool:
    """Whether our code asks this of the table, by itself or in a transaction; other services are not looked at."""
    service, _, name = action.partition(":")
    call = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return service != "dynamodb" or call in ADAPTERS or f'"{name.removesuffix("Item")}": ' in ADAPTERS


def functions_have_all_they_need(template: Template) -> list[str]:
    functions = of_type(template, "AWS::Lambda::Function")
    wrong = [f"not the functions we know: {name}" for name in functions.keys() ^ FUNCTIONS]
    roles, logs = set(), set()
    for name, function in functions.items():
        has = function["Properties"]
        checks = {
            "environment": has["Environment"]["Variables"].keys() == VARIABLES | MORE_VARIABLES.get(name, set()),
            "runtime": (has["Runtime"], has["Architectures"]) == ("python3.13", ["arm64"]),
            "layers": len(has["Layers"]) == 2,
            "log format": has["LoggingConfig"]["LogFormat"] == "JSON",
        }
        roles.add(json.dumps(has["Role"]))
        logs.add(json.dumps(has["LoggingConfig"]["LogGroup"]))
        wrong += [f"{name}: {what}" for what, fulfilled in checks.items() if not fulfilled]
    if not len(roles) == len(logs) == len(functions):
        wrong.append("two functions share a role or a log group")
    return wrong


def logs_end_some_day(template: Template) -> list[str]:
    groups = of_type(template, "AWS::Logs::LogGroup")
    wrong = [] if len(groups) == len(FUNCTIONS) + 2 else ["a function, the feed or the reports have no log group"]
    return (
        wrong
        + [
            f"{name} is kept for ever, or not for as long as is said"
            for name, group in groups.items()
            if group["Properties"].get("RetentionInDays") != (400 if name in KEPT_LOGS else {"Ref": "LogRetentionDays"})
        ]
        + [
            f"{name} goes with the stack"
            for name in KEPT_LOGS & groups.keys()
            if not groups[name].get("DeletionPolicy") == groups[name].get("UpdateReplacePolicy") == "Retain"
        ]
    )


def the_table_is_kept_and_can_be_restored(template: Template) -> list[str]:
    table, has = template["Resources"]["Table"], properties(template, "Table")
    checks = {
        "on demand": has["BillingMode"] == "PAY_PER_REQUEST",
        "point in time": has["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True},
        "expiry": has["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True},
        "encryption": has["SSESpecification"] == {"SSEEnabled": True},
        "kept": table.get("DeletionPolicy") == table.get("UpdateReplacePolicy") == "Retain",
        "deleted by no slip": has.get("DeletionProtectionEnabled") is True,
        "keys": [key["AttributeName"] for key in has["KeySchema"]] == ["pk", "sk"],
    }
    return [what for what, fulfilled in checks.items() if not fulfilled]


#: What each index that was ever deployed copies, as `projection_digest` says it. A line here is never changed, since
#: no index can be: other attributes are an index of another name. docs/deploying.md says how one follows the other.
PROJECTIONS = {"heads-2": "ccf2107c", "heads-3": "38c0dd51"}


def projection_digest(index: dict[str, Any]) -> str:
    """What an index copies and is sorted by, in eight digits."""
    copied = index["Projection"]["ProjectionType"], sorted(index["Projection"].get("NonKeyAttributes", []))
    return hashlib.sha256(json.dumps([copied, index["KeySchema"]]).encode()).hexdigest()[:8]


def the_index_of_heads_has_what_is_read_of_it(template: Template) -> list[str]:
    # Beside the index that is asked there may be the one before or after it, while a stack goes from one to the other.
    indexes = {index["IndexName"]: index for index in properties(template, "Table")["GlobalSecondaryIndexes"]}
    wrong = [
        f"{name} copies something else than it did when it was made: call it by another name"
        for name, index in indexes.items()
        if PROJECTIONS.get(name) != projection_digest(index)
    ]
    index = indexes.get(HEADS)
    if not index:
        return [*wrong, f"{HEADS} is asked and is not there"]
    read = set(LISTED_OF_A_HEAD) - {"site"}
    wrong += [f"not what is read: {name}" for name in read ^ set(index["Projection"].get("NonKeyAttributes", []))]
    if [key["AttributeName"] for key in index["KeySchema"]] != ["kind", "site"]:
        wrong.append("heads is found in another way than it is asked")
    # All of a head would be written twice with each write: its settings, and which uploads it has dealt with.
    return wrong if index["Projection"]["ProjectionType"] == "INCLUDE" else [*wrong, "more is copied than is read"]


def only_imports_sign_and_the_keys_are_kept(template: Template) -> list[str]:
    keys = of_type(template, "AWS::KMS::Key")
    wrong = [] if len(keys) == 2 else ["a server knows two keys: the one in use and the next one"]
    for name, key in keys.items():
        has = key["Properties"]
        checks = {
            "not for signing": (has["KeySpec"], has["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY"),
            "of one region for ever": has.get("MultiRegion") is True,
            "not kept": key.get("DeletionPolicy") == key.get("UpdateReplacePolicy") == "Retain",
            "open to others": [statement["Principal"] for statement in has["KeyPolicy"]["Statement"]]
            == [{"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}],
        }
        wrong += [f"{name} is {what}" for what, fulfilled in checks.items() if not fulfilled]
    ours = [
        {"Fn::If": [f"MakeKey{which}", {"Fn::GetAtt": [f"SigningKey{which}", "Arn"]}, {"Ref": f"ExistingKey{which}"}]}
        for which in "AB"
    ]
    told = properties(template, "ImportPairFunction")["Environment"]["Variables"]
    if (told["SIGNING_KEYS"], told["SIGNING_KEY_IN_USE"]) != (
        {"Fn::Join": [",", ours]},
        {"Fn::If": ["KeyAInUse", *ours]},
    ):
        wrong.append("imports are told of other keys than they may sign with")
    for name in of_type(template, "AWS::IAM::Role"):
        used = [each for each in allowed(template, name) if any("kms:" in action for action in listed(each["Action"]))]
        if name == "ImportPairRole":
            fine = [(each["Action"], each["Resource"]) for each in used] == [(["kms:GetPublicKey", "kms:Sign"], ours)]
            wrong += [] if fine else [f"{name} may not sign with these keys, or more than that"]
        elif used:
            wrong.append(f"{name} may use a key")
    return wrong


def only_erasing_deletes_what_was_uploaded_or_published(template: Template) -> list[str]:
    """And it deletes without having read: a function that was taken over could tell nobody what there was."""
    may = {
        name: {action for statement in allowed(template, name) for action in listed(statement["Action"])}
        for name in of_type(template, "AWS::IAM::Role")
    }
    wrong = [
        f"{name} may delete objects"
        for name, actions in may.items()
        if any(action.startswith("s3:Delete") for action in actions) != (name == "EraseSiteRole")
    ]
    return wrong + [f"EraseSiteRole may {action}" for action in may["EraseSiteRole"] if action.startswith("s3:Get")]


def the_feed_knows_who_asks(template: Template) -> list[str]:
    wrong = []
    for name, route in of_type(template, "AWS::ApiGatewayV2::Route").items():
        has = route["Properties"]
        open_door = has["RouteKey"] in ("POST /v1/enrol", "GET /upload")
        guarded = has["AuthorizationType"] == "CUSTOM" and has.get("AuthorizerId") == {"Ref": "FeedAuthorizer"}
        if open_door == guarded:
            wrong.append(f"{name}: {has['RouteKey']} is {'guarded' if guarded else 'open'}")
    authorizer = properties(template, "FeedAuthorizer")
    if authorizer.get("AuthorizerResultTtlInSeconds") != 0:
        wrong.append("answers of the authorizer are remembered")
    if authorizer["IdentitySource"] != ["$request.header.Authorization"] or not authorizer["EnableSimpleResponses"]:
        wrong.append("the authorizer is asked in another way than it answers")
    stage = properties(template, "FeedStage")
    throttled = {"ThrottlingRateLimit", "ThrottlingBurstLimit"}
    if not throttled <= stage["DefaultRouteSettings"].keys() & stage["RouteSettings"]["POST /v1/enrol"].keys():
        wrong.append("the feed is not throttled")
    if "\n" in stage["AccessLogSettings"]["Format"] or "status" not in json.loads(stage["AccessLogSettings"]["Format"]):
        wrong.append("the access log is not a line of JSON with the status")
    return wrong


#: Which partitions of the table each function that is asked from outside may write to, by action: `table` has the keys.
FEED_WRITES = {
    "ServeFeedRole": {
        "PutItem": ["SERVERS#*"],
        "UpdateItem": ["SERVERS#*", "UPLOADERS#*"],
        "DeleteItem": ["CODE#*"],
    },
    "AcceptUploadsRole": {"PutItem": ["UPLOADS#*"]},
    "CheckUploadsRole": {"PutItem": ["UPLOADS#*"]},
    "AuthorizeServerRole": {},
}


def the_feed_writes_to_its_own_items_alone(template: Template) -> list[str]:
    """Of the functions that are asked from outside, none may change what an import publishes, or later signs."""
    reading = {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:ConditionCheckItem"}
    wrong = []
    for role, places in FEED_WRITES.items():
        for statement in allowed(template, role):
            writes = {each for each in listed(statement["Action"]) if each.startswith("dynamodb:")} - reading
            where = [places.get(action.removeprefix("dynamodb:"), ["nowhere"]) for action in writes]
            conditions = [{"ForAllValues:StringLike": {"dynamodb:LeadingKeys": place}} for place in where]
            if writes and conditions != [statement.get("Condition")]:
                wrong.append(f"{role}: {statement['Sid']} may write to more than what is its own")
    return wrong


#: Who gives uploaders their way into the inbox.
UPLOAD_ROLES = ("AcceptUploadsRole", "CheckUploadsRole")


def uploaders_reach_the_pair_and_nothing_else(template: Template) -> list[str]:
    """A link has the rights of the function that made it, so that one may put these files, and read none of them."""
    pair = [{"Fn::Sub": f"${{InboxBucket.Arn}}/*/{name}"} for name in UPLOADABLE]
    bundles = [{"Fn::Sub": f"${{InboxBucket.Arn}}/*/{name}"} for name in BUNDLES]
    wrong = []
    for name in of_type(template, "AWS::IAM::Role"):
        for statement in allowed(template, name):
            puts = "s3:PutObject" in listed(statement["Action"])
            if name == "FetchSourceRole" and statement["Resource"] == bundles:  # which puts what it has fetched
                continue
            inbox = "InboxBucket" in json.dumps(statement["Resource"])
            fine = (listed(statement["Action"]), statement["Resource"]) == (["s3:PutObject"], pair)
            if inbox and (puts or name in UPLOAD_ROLES) and not (fine and name in UPLOAD_ROLES):
                wrong.append(
                    f"{name}: {statement['Sid']} reaches more of the inbox than the pair, or more than to put it"
                )
    return wrong


def people_can_read_what_to_choose_and_what_they_got(template: Template) -> list[str]:
    wrong = [f"{name} is not explained" for name, item in template["Parameters"].items() if not item.get("Description")]
    wrong += [f"{name} is not explained" for name, item in template["Outputs"].items() if not item.get("Description")]
    wrong += [f"not the outputs we promise: {name}" for name in template["Outputs"].keys() ^ OUTPUTS]
    return wrong if template["Parameters"]["LocalCloud"]["Default"] == "false" else [*wrong, "AWS is not the default"]


def is_clean_cloudformation(template: Template) -> list[str]:
    return [f"{match.rule.id} {match.message}" for match in lint(json.dumps(template), config=ManualArgs())]
