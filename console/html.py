"""The console's web pages: what an on-call engineer opens on a phone at night.

Rendered on the server, readable without scripts; needs nothing from any other host.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console import slo_page
from console.inbox.service import Clock
from console.inbox.store import InboxStore
from console.runbooks import Runbooks
from console.settings import Settings
from console.templating import environment
from watchkeeper.conventions import SLO
from watchkeeper.pages import OPEN, RESOLVED, Page
from watchkeeper.prometheus_api import PrometheusApi

OPEN_SHOWN_MAX: Final = 50
RECENT_SHOWN: Final = 20
SLO_PAGES_SHOWN: Final = 10
SLO_PAGES_SEARCHED: Final = 500
HEARTBEAT_AGE_MAX: Final = timedelta(minutes=5)
"""Ten beats missed: nobody would be told of anything."""
QUIET_AGE_MAX: Final = timedelta(hours=25)
"""An open page is spoken of at least daily; after that it may have ended unheard, behind a silence."""

_IDENTIFIER = re.compile(r"[a-z][a-z0-9-]{0,127}")
_ID_DIGITS_MAX = 18


class Views:
    """Renders the pages over an inbox."""

    def __init__(
        self, settings: Settings, store: InboxStore, prometheus: PrometheusApi, clock: Clock
    ) -> None:
        self._settings = settings
        self._prometheus = prometheus
        self._store = store
        self._clock = clock
        self._jinja = environment()
        self._runbooks = Runbooks(settings.runbooks_dir)

    def home(self) -> Response:
        """Show what is open, then what was; and whether alerting itself lives."""
        last_beat = self._store.last_beat()
        age = self._clock() - last_beat if last_beat else None
        opened = self._store.pages(status=OPEN, limit=OPEN_SHOWN_MAX)
        return self._show(
            "home.html",
            opened=sorted(opened, key=lambda page: (page.severity, -page.id)),
            counts=self._store.open_counts(),
            recent=self._store.pages(status=RESOLVED, limit=RECENT_SHOWN),
            heartbeat_age=age,
            heartbeat_late=age is None or age > HEARTBEAT_AGE_MAX,
        )

    def page(self, page_id: str) -> Response:
        """Show one page: what burns, what to do, what happened when."""
        is_id = page_id.isascii() and page_id.isdigit() and len(page_id) <= _ID_DIGITS_MAX
        known = self._store.page(int(page_id)) if is_id else None
        if known is None:
            hint = "It may be old and pruned, or the number is mistyped."
            return self.message("There is no such page", hint, status=404, links={"All pages": "/"})
        return self._show("page.html", page=known)

    def runbook_list(self) -> Response:
        """List the runbooks."""
        return self._show("runbooks.html")

    def runbook(self, alert: str) -> Response:
        """Show the runbook of an alert."""
        found = self._runbooks.get(alert)
        if found is None:
            return self.message(
                "There is no runbook for this alert",
                "Runbooks are the files docs/runbooks/<alert>.md; the name is the alert's, letter by letter.",
                status=404,
                links={name: f"/runbooks/{name}" for name in self._runbooks.names()},
            )
        return self._show("runbook.html", runbook=found)

    async def slo(self, slo: str | None, service: str | None) -> Response:
        """Show the state of an SLO, of a service's, or of all; or send on to Grafana."""
        chosen = {name: value for name, value in (("var-slo", slo), ("var-service", service)) if value}
        if any(_IDENTIFIER.fullmatch(value) is None for value in chosen.values()):
            return self._no_slo("An id has lower-case letters, digits and dashes.")
        if self._settings.grafana_url is not None:
            return RedirectResponse(f"{self._settings.grafana_url}/d/slo?{urlencode(chosen)}", 307)
        answer = await slo_page.ask(self._prometheus, slo=slo or None, service=service or None)
        received = await run_in_threadpool(self._about, slo)
        if slo and answer.problem is None and not answer.states and not received:
            return self._no_slo(
                f"Prometheus has no series of {slo}. It was renamed or removed, or Prometheus has just "
                "started and has not evaluated its rules yet."
            )
        template = "slo.html" if slo else "slos.html"
        return self._show(template, slo=slo, service=service, answer=answer, received=received)

    def message(self, title: str, text: str, *, status: int, links: Mapping[str, str]) -> HTMLResponse:
        """Show a message, and where to go from here."""
        return self._show("message.html", status, title=title, text=text, links=links)

    def _no_slo(self, hint: str) -> Response:
        return self.message("There is no such SLO", hint, status=404, links={"All SLOs": "/d/slo"})

    def _about(self, slo: str | None) -> list[Page]:
        """Find the newest pages that tell of an SLO."""
        if not slo:
            return []
        recent = self._store.pages(limit=SLO_PAGES_SEARCHED)
        about = (page for page in recent if any(alert.labels.get(SLO) == slo for alert in page.alerts))
        return [page for page, _ in zip(about, range(SLO_PAGES_SHOWN), strict=False)]

    def _show(self, template: str, status: int = 200, **values: object) -> HTMLResponse:
        common = {
            "now": self._clock(),
            "settings": self._settings,
            "runbook_names": self._runbooks.names(),
            "quiet_age_max": QUIET_AGE_MAX,
        }
        return HTMLResponse(self._jinja.get_template(template).render(common | values), status)


def router(views: Views) -> APIRouter:
    """Give the addresses of the pages. Alerts link to some of them: those never change."""
    pages = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    @pages.get("/")
    def home() -> Response:
        return views.home()

    @pages.get("/pages/{page_id}")
    def page(page_id: str) -> Response:
        return views.page(page_id)

    @pages.get("/runbooks/")
    def runbook_list() -> Response:
        return views.runbook_list()

    @pages.get("/runbooks/{alert:path}")
    def runbook(alert: str) -> Response:
        return views.runbook(alert)

    @pages.get("/d/slo")
    async def slo(
        slo: Annotated[str | None, Query(alias="var-slo")] = None,
        service: Annotated[str | None, Query(alias="var-service")] = None,
    ) -> Response:
        return await views.slo(slo, service)

    return pages
