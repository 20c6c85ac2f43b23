"""Who is told of a site: subscriptions of the alerts' topic, and channels of Teams.

The topic has one subscription for an endpoint, whose filter names its sites: a person who looks after two schools gets
the mails of both. Whoever subscribed in another way, without a filter or with one of their own, is left alone. Refused,
with `NotNow`: what the topic takes only later, or never.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from roster.contact import MOST_SITES, Contact, filter_policy, sites_of
from roster_aws.telling.teams import Teams

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

# What the list says in the place of an ARN until somebody has confirmed.
_PENDING = "PendingConfirmation"


class NotNow(ValueError):
    """The contact cannot be added or removed; the text says why and what to do."""


class Subscribed(NamedTuple):
    """A subscription of the topic; `sites` is None where its filter is not one of ours."""

    arn: str
    contact: Contact
    sites: list[str] | None
    is_confirmed: bool


class Contacts:
    """The contacts of all sites."""

    def __init__(self, sns: SNSClient, topic: str, teams: Teams) -> None:
        self._sns = sns
        self._topic = topic
        self._teams = teams

    def add(self, site: str, contact: Contact) -> bool:
        """Have a contact told of a site; whether it has to confirm first. NotNow."""
        if contact.protocol == "teams":
            self._teams.add(site, contact.endpoint)
            return False
        known = next((each for each in self._subscribed() if each.contact == contact), None)
        if known is None:
            return self._subscribe(site, contact)
        if known.sites is None:
            raise NotNow("this address is told of every site already")
        if site in known.sites:
            return False
        if not known.is_confirmed:
            raise NotNow("this address has not confirmed its first site yet: ask again once it has, or in three days")
        if len(known.sites) >= MOST_SITES:
            raise NotNow(f"an address can be told of {MOST_SITES} sites at the most: subscribe it to the topic itself")
        self._set_sites(known, [*known.sites, site])
        return False

    def remove(self, site: str, contact: Contact) -> None:
        """Have a contact told of a site no longer. NotNow where it is not told of it."""
        if contact.protocol == "teams":
            if not self._teams.remove(site, contact.endpoint):
                raise NotNow("this channel is not told of the site")
            return
        known = next((each for each in self._subscribed() if each.contact == contact), None)
        if known is None or known.sites is None or site not in known.sites:
            raise NotNow("this address is not told of the site by `notify`")
        self._take_out(known, site)

    def remove_all(self, site: str) -> int:
        """Have nobody told of a site any longer; how many contacts that were."""
        told = [each for each in self._subscribed() if each.sites and site in each.sites]
        for each in told:
            self._take_out(each, site)
        return len(told) + self._teams.remove_all(site)

    def of(self, site: str) -> list[Contact]:
        """The contacts that are told of a site. Who has not confirmed yet is not among them."""
        subscribed = [each.contact for each in self._subscribed() if each.sites and site in each.sites]
        return subscribed + [Contact("teams", url) for url in self._teams.of(site)]

    def _subscribe(self, site: str, contact: Contact) -> bool:
        try:
            made = self._sns.subscribe(
                TopicArn=self._topic,
                Protocol=contact.protocol,
                Endpoint=contact.endpoint,
                Attributes={"FilterPolicy": filter_policy([site])},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "FilterPolicyLimitExceeded":
                raise NotNow("the topic takes no more filters: ask AWS for more (Service Quotas, SNS)") from None
            if error.response["Error"]["Code"] == "InvalidParameter":
                raise NotNow("SNS does not take this address: it may not be one, or have been added before") from None
            raise
        return not made["SubscriptionArn"].startswith("arn:")

    def _take_out(self, known: Subscribed, site: str) -> None:
        left = [each for each in known.sites or () if each != site]
        if left:
            self._set_sites(known, left)
        else:
            self._sns.unsubscribe(SubscriptionArn=known.arn)

    def _set_sites(self, known: Subscribed, sites: list[str]) -> None:
        self._sns.set_subscription_attributes(
            SubscriptionArn=known.arn, AttributeName="FilterPolicy", AttributeValue=filter_policy(sites)
        )

    def _subscribed(self) -> Iterator[Subscribed]:
        pages = self._sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=self._topic)
        for page in pages:
            for each in page["Subscriptions"]:
                protocol = each["Protocol"]
                if protocol not in ("email", "https"):
                    continue
                contact = Contact("email" if protocol == "email" else "https", each["Endpoint"])
                is_confirmed = each["SubscriptionArn"] != _PENDING
                # Nothing can be asked of one that is pending, so whose it is shows once it is confirmed.
                sites = self._sites(each["SubscriptionArn"]) if is_confirmed else []
                yield Subscribed(each["SubscriptionArn"], contact, sites, is_confirmed)

    def _sites(self, arn: str) -> list[str] | None:
        said = self._sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        return sites_of(said.get("FilterPolicy"))
