"""Makes docs/screenshots: the main pages of the dashboard, in light and dark, and the upload page on a phone.

``python -m docs.screenshots`` (``make screenshots``) starts a cloud of its own, uploads the guide's example and the
pairs of three made-up schools, has two servers pull, and takes a picture of each page. It needs Chromium. Exit status:
0, or 1 with the reason.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, Route
from rich.console import Console

from local.browser import NoBrowser, browser
from local.cloud import Cloud
from local.dashboard import Dashboard
from local.emulator import LocalCloudError, clean_environment
from local.progress import shown
from local.widget import Widget
from roster.notices import STUDENTS, TEACHERS

FOLDER = Path(__file__).with_name("screenshots")
EXAMPLE = Path(__file__).parents[1] / "local" / "example"
THEMES = ("light", "dark")
WIDTH, HEIGHT = 1200, 900
_PATIENCE_SECONDS = 60

Pair = Mapping[str, bytes]


def main() -> int:
    """Make all of them."""
    progress = shown()
    try:
        with browser() as chromium, Cloud(progress=progress) as cloud:
            with progress("Filling four sites"):
                _fill(cloud)
            with Dashboard(Widget(cloud)) as dashboard, progress("Taking pictures"):
                for theme in THEMES:
                    for name, page in _pages(chromium, dashboard.url, theme):
                        # A whole year group is more than anybody wants to see of an example.
                        whole = name != "whom"
                        _save(page.screenshot(full_page=whole), FOLDER / f"{name}-{theme}.png")
            with progress("Taking pictures of the upload page"):
                _save_upload_page(chromium, cloud)
    except (LocalCloudError, NoBrowser) as error:
        Console(stderr=True).print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    return 0


def _save(png: bytes, file: Path) -> None:
    """With a palette, a picture of a page is a third of the size and looks the same."""
    file.parent.mkdir(exist_ok=True)
    with Image.open(io.BytesIO(png)) as picture:
        small = picture.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        small.save(file, optimize=True)


def _save_upload_page(chromium: Browser, cloud: Cloud) -> None:
    """The page for a school's office, on a phone, in every state that it has."""
    token = _manage(cloud, "uploader-link", "beauxbatons", uploader="office-page", valid_seconds=3600)["token"]
    look: Any = {"viewport": {"width": 390, "height": 640}, "reduced_motion": "reduce", "locale": "en-GB"}
    with closing(chromium.new_context(**look)) as context, tempfile.TemporaryDirectory() as folder:
        page = context.new_page()

        def save(name: str) -> None:
            _save(page.screenshot(full_page=True), FOLDER / f"upload-{name}.png")

        def choose(pair: Pair) -> None:
            for file, data in pair.items():
                Path(folder, file).write_bytes(data)
            page.set_input_files("#files", [Path(folder, file) for file in pair])

        def check(name: str, pair: Pair) -> None:
            choose(pair)
            page.locator("#actions").wait_for()
            save(name)

        def upload(name: str, heading: str) -> None:
            held: list[Route] = []
            page.route("**/staged/*/upload", lambda route: held.append(route), times=1)
            page.get_by_role("button", name="Upload these files").click()
            page.get_by_text("Uploading …").wait_for()
            save("uploading")
            for route in held:
                route.continue_()
            page.get_by_role("heading", name=heading, exact=True).wait_for()
            save(name)
            page.get_by_role("button", name="Choose other files").click()

        address = f"{cloud.feed_url}/upload#{token}"
        page.goto(address)
        page.locator("#choose").wait_for()
        save("choose")
        choose({TEACHERS: _school(1)[TEACHERS]})
        page.get_by_text("is still missing").wait_for()
        save("missing")
        check("refused", {TEACHERS: _school(1)[STUDENTS], STUDENTS: b"<html>Log in</html>"})
        page.get_by_role("button", name="Choose other files").click()
        check("checked", _school(433, 3))
        upload("imported", "Imported")
        check("held", {**_school(428), STUDENTS: _school(90)[STUDENTS]})
        upload("waits", "Held: a person has to look")
        _manage(cloud, "uploader-revoke", "beauxbatons", uploader="office-page")
        page.goto("about:blank")
        page.goto(address)
        page.get_by_text("no longer works").wait_for()
        save("ended")


# What there is to see


def _fill(cloud: Cloud) -> None:
    """A week at four schools: one as in the guide, one with bad rows, one held as a new year begins, one with a PDF."""
    for site in ("hogwarts", "beauxbatons", "ilvermorny", "durmstrang"):
        _manage(cloud, "site-add", site)
    example = {file: (EXAMPLE / file).read_bytes() for file in (TEACHERS, STUDENTS)}
    _import(cloud, {"hogwarts": example, "beauxbatons": _school(400), "ilvermorny": _school(900)})
    for pupils, bad in ((410, 0), (405, 12), (422, 3), (431, 0)):
        _import(cloud, {"beauxbatons": _school(pupils, bad)})
    _pull(cloud, "beauxbatons", "library-srv")
    _import(cloud, {"beauxbatons": _school(428, 9)})
    _pull(cloud, "beauxbatons", "main-srv")
    next_year = _school(900, arrived=187, staff=9003)
    _import(cloud, {"ilvermorny": next_year, "durmstrang": example | {STUDENTS: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"}})


def _school(pupils: int, bad: int = 0, arrived: int = 0, staff: int = 9000) -> Pair:
    """A secondary school of so many pupils, the last rows of whose export are bad.

    Once so many have `arrived`, as many have left, and all are in other classes; so are teachers, from `staff` on.
    """
    subjects = ("Maths", "English", "French", "History", "Biology", "Music")
    classes = [f"{year}{letter} {subject}" for subject in subjects for year in range(7, 12) for letter in "ABC"]
    students = [
        f"{_name(pupil + arrived)},{classes[(pupil % 15) + 15 * each]}"
        for pupil in range(pupils)
        for each in range(len(subjects))
    ]
    faults = (",7A Maths", "new.pupil,", 'late.pupil,"8B Music')
    students += [faults[row % len(faults)] for row in range(bad)]
    teachers = [f"{_name(staff + number // 4)},{name}" for number, name in enumerate(classes)]
    return {STUDENTS: _csv(students), TEACHERS: _csv(teachers)}


def _name(number: int) -> str:
    first = ("amelia", "bilal", "chloe", "daniel", "emeka", "freya", "george", "hana", "isla", "jakub", "kiran")
    last = ("adams", "brown", "chen", "davies", "evans", "fofana", "green", "hughes", "islam", "jones", "khan", "lewis")
    return f"{first[number % len(first)]}.{last[number % len(last)]}{number // 132 or ''}"


def _csv(rows: list[str]) -> bytes:
    return "\n".join(["version,1", "username,class", *rows, ""]).encode()


def _import(cloud: Cloud, pairs: Mapping[str, Pair]) -> None:
    """Upload a pair to each site, and wait until all are imported."""
    before = {site: len(_imports(cloud, site)) for site in pairs}
    for site, pair in pairs.items():
        _manage(cloud, "site-add", site)
        for file, data in pair.items():
            cloud.client("s3").put_object(Bucket=cloud.inbox_bucket, Key=f"{site}/{file}", Body=data)
    _wait(
        lambda: all(len(_imports(cloud, site)) > before[site] for site in pairs), f"the imports of {', '.join(pairs)}"
    )


def _pull(cloud: Cloud, site: str, server: str) -> None:
    """Enrol a server, and have it pull twice: that it has the version, it says when it asks again."""
    with tempfile.TemporaryDirectory() as folder:
        csv_import = Path(folder, "CSVImport")
        csv_import.mkdir()
        code = _manage(cloud, "enrol", site, server=server)["code"]
        enrol = ("enrol", "--feed", cloud.feed_url, "--site", site, "--code", code, "--folder", csv_import)
        for command in (enrol, ("pull",), ("pull",)):
            agent = [Path(sys.executable).with_name("roster-agent"), *command, "--state", Path(folder, "state")]
            environment = clean_environment() | cloud.environment
            ran = subprocess.run(agent, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
            if ran.returncode:
                raise LocalCloudError(f"roster-agent {command[0]}: {ran.stdout}{ran.stderr}")


def _imports(cloud: Cloud, site: str) -> list[dict[str, Any]]:
    reports = _manage(cloud, "imports", site)["imports"]
    return [report for report in reports if report["status"] != "fetching"]


def _manage(cloud: Cloud, action: str, site: str, **details: Any) -> dict[str, Any]:
    asked = json.dumps({"action": action, "site": site, **details})
    name = cloud.outputs["ManageSiteFunctionName"]
    with closing(cloud.client("lambda").invoke(FunctionName=name, Payload=asked)["Payload"]) as payload:
        said: dict[str, Any] = json.loads(payload.read())
    if not said["ok"]:
        raise LocalCloudError(f"{action} of {site}: {said['message']}")
    return said


def _wait(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not happened():
        if time.monotonic() > deadline:
            raise LocalCloudError(f"not within {_PATIENCE_SECONDS} s: {what}")
        time.sleep(0.2)


# The way through the pages


def _pages(chromium: Browser, url: str, theme: str) -> Iterator[tuple[str, Page]]:
    """Each page by its name, while it is shown."""
    context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce", locale="en-GB")
    with closing(context):
        page = context.new_page()
        page.goto(f"{url}?theme={theme}")
        page.get_by_role("heading", name="Sites", exact=True).wait_for()
        yield "overview", page
        _press(page, "beauxbatons")
        yield "site", page
        page.locator("#content table", has_text="Last imports").get_by_role("button").first.click()
        page.get_by_text("Row by row").wait_for()
        yield "import", page
        page.goto(f"{url}?theme={theme}&site=ilvermorny")
        page.get_by_role("button", name="Approve").wait_for()
        yield "held", page
        _press(page, "Look at it")
        yield "whom", page
        page.goto(f"{url}?theme={theme}&site=hogwarts")
        _press(page, "Console access rights")
        yield "console", page


def _press(page: Page, name: str) -> None:
    with page.expect_response("**/act"):
        page.locator("#content").get_by_role("button", name=name, exact=True).first.click()
    page.locator("#content[aria-busy=false]").wait_for()


if __name__ == "__main__":
    sys.exit(main())
