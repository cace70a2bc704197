"""Who is told: the configuration as data (tests/integration asks amtool about it)."""

from collections.abc import Callable

from alerts.routing import Delivery, alertmanager_config
from watchkeeper.catalog.base import parse_duration
from watchkeeper.catalog.catalog import Catalog

MakeCatalog = Callable[..., Catalog]

LOCAL = Delivery(console_url="http://127.0.0.1:9400", secrets_dir=None)
WITH_SECRETS = Delivery(console_url="http://console:9400", secrets_dir="/run/secrets")


def test_every_receiver_that_people_get_also_reaches_the_inbox(make_catalog: MakeCatalog) -> None:
    """What the inbox has not seen can not be rehearsed."""
    config = alertmanager_config(make_catalog(), WITH_SECRETS)
    for receiver in config["receivers"]:
        if receiver["name"] in {"nobody", "heartbeat"}:
            continue
        assert receiver["webhook_configs"][0]["url"] == "http://console:9400/api/v1/alertmanager"


def test_secrets_are_read_from_files_and_never_written_down(make_catalog: MakeCatalog) -> None:
    """A generated file is committed; a secret in it would be public."""
    page = next(
        r for r in alertmanager_config(make_catalog(), WITH_SECRETS)["receivers"] if r["name"] == "core-page"
    )
    assert page["pagerduty_configs"][0]["routing_key_file"] == "/run/secrets/pagerduty-core"
    assert page["slack_configs"][0]["api_url_file"] == "/run/secrets/slack-core"
    assert not {"routing_key", "api_url"} & {
        key for kind in page.values() if isinstance(kind, list) for key in kind[0]
    }


def test_without_secrets_only_the_inbox_is_told(make_catalog: MakeCatalog) -> None:
    """The native stack must not fail every delivery for want of a key."""
    for receiver in alertmanager_config(make_catalog(), LOCAL)["receivers"]:
        assert set(receiver) <= {"name", "webhook_configs"}


def test_tickets_do_not_go_to_the_pager(make_catalog: MakeCatalog) -> None:
    """A ticket waits until morning."""
    ticket = next(
        r
        for r in alertmanager_config(make_catalog(), WITH_SECRETS)["receivers"]
        if r["name"] == "core-ticket"
    )
    assert "pagerduty_configs" not in ticket
    assert "slack_configs" in ticket


def test_inhibition_between_tiers_needs_an_slo_on_both_sides(make_catalog: MakeCatalog) -> None:
    """Alertmanager takes two missing labels for equal: JobDown would silence every ticket without an SLO."""
    rule = alertmanager_config(make_catalog(), LOCAL)["inhibit_rules"][0]
    assert 'slo=~".+"' in rule["source_matchers"]
    assert 'slo=~".+"' in rule["target_matchers"]


def test_the_heartbeat_repeats_sooner_than_its_group_is_looked_at(make_catalog: MakeCatalog) -> None:
    """Were they equal, every second beat would come a moment too early and be left out."""
    routes = alertmanager_config(make_catalog(), LOCAL)["route"]["routes"]
    heartbeat = next(route for route in routes if route["receiver"] == "heartbeat")
    assert parse_duration(heartbeat["repeat_interval"]) < parse_duration(heartbeat["group_interval"])
