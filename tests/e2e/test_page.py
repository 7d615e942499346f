"""The page in a browser: a point changes the panel, nothing is asked for, nothing overflows."""

import importlib.util
import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from goodviews.pages import report

sys.path.insert(0, str(Path(__file__).parents[1] / "pages"))
from learned import make_learned
from studies import make_study

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
HAVE = CHROMIUM and DRIVER and importlib.util.find_spec("selenium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not HAVE, reason="needs chromium and chromedriver on PATH, and selenium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.add_experimental_option(
        "prefs", {"download.default_directory": str(tmp_path_factory.mktemp("downloads"))}
    )
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Any:
    kept: dict[str, Path] = {}

    def make(name: str) -> Path:
        if name not in kept:
            kept[name] = report(make_study(tmp_path_factory.mktemp("e2e") / name, name))
        return kept[name]

    return make


def show(browser: Any, page: Path, width: int = 1280, theme: str = "light") -> None:
    media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get(page.as_uri())


def requests(browser: Any) -> list[str]:
    events = [json.loads(e["message"])["message"] for e in browser.get_log("performance")]
    sent = [e for e in events if e["method"] == "Network.requestWillBeSent"]
    urls = [e["params"]["request"]["url"] for e in sent]
    return [u for u in urls if not u.startswith(("data:", "file:", "blob:"))]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 900, 390])
@pytest.mark.parametrize(
    "name",
    ["family", "one_view", "no_labels", "hostile", "two_tasks", "parts", "sixty", "lengths"],
)
def test_no_overflow_no_error_no_request(
    browser: Any, pages: Any, name: str, width: int, theme: str
) -> None:
    show(browser, pages(name), width, theme)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.get_log("browser") == []
    assert requests(browser) == []
    colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert colour == {"light": "rgb(246, 247, 249)", "dark": "rgb(15, 18, 22)"}[theme]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("channels", [3, 13])
def test_a_page_of_learned_views_fits(
    browser: Any, tmp_path: Path, channels: int, width: int, theme: str
) -> None:
    show(browser, report(make_learned(tmp_path / "run", channels=channels)), width, theme)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.get_log("browser") == []
    assert requests(browser) == []
    shown = browser.execute_script(
        "return [...document.querySelectorAll('.s-star')]"
        ".filter(a => a.getClientRects().length).length"
    )
    assert shown == 1


_OVERLAPS = """
const boxes = [...document.querySelectorAll('.lengths .l-chart')].map(
  chart => [...chart.querySelectorAll('text')].map(text => text.getBoundingClientRect()));
return boxes.flatMap(all => all.flatMap((a, i) => all.slice(i + 1).filter(
  b => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom))).length;
"""


@pytest.mark.parametrize("width", [1280, 390])
def test_labels_of_the_charts_of_lengths_do_not_collide(
    browser: Any, pages: Any, width: int
) -> None:
    show(browser, pages("lengths"), width)
    assert browser.execute_script("return document.querySelectorAll('.l-chart text').length") > 16
    assert browser.execute_script(_OVERLAPS) == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_one_drawing_is_shown(browser: Any, pages: Any, width: int) -> None:
    show(browser, pages("family"), width)
    shown = browser.execute_script(
        "return [...document.querySelectorAll('.pt')]"
        ".filter(a => a.getClientRects().length).length"
    )
    assert shown == 7


def test_enter_on_a_point_fills_the_panel(browser: Any, pages: Any) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    show(browser, pages("family"))
    panel = browser.find_element(By.CSS_SELECTOR, ".chosen")
    assert len(panel.find_elements(By.CSS_SELECTOR, ".six img")) == 6
    before = panel.text
    point = browser.find_element(By.CSS_SELECTOR, '.wide .pt[data-v="v-0"]')
    point.send_keys(Keys.ENTER)
    assert panel.text != before
    assert "1 of 7" in panel.text
    assert len(panel.find_elements(By.CSS_SELECTOR, ".six img")) == 6
    assert "#" not in browser.current_url
    point.send_keys(Keys.ARROW_RIGHT)
    assert "2 of 7" in panel.text
    assert browser.switch_to.active_element.get_attribute("data-v") == "v-1"
    rings = browser.find_elements(By.CSS_SELECTOR, ".wide .pt[aria-current]")
    assert [r.get_attribute("data-v") for r in rings] == ["v-1"]
    more = browser.find_element(By.CSS_SELECTOR, '[data-step="1"]')
    browser.execute_script("arguments[0].click()", more)
    assert "3 of 7" in panel.text


def test_headings_sort(browser: Any, pages: Any) -> None:
    from selenium.webdriver.common.by import By

    show(browser, pages("family"))
    head = browser.find_element(By.CSS_SELECTOR, "thead .k-nats button")
    first = "tbody .k-nats b"
    browser.execute_script("arguments[0].click()", head)
    assert browser.find_element(By.CSS_SELECTOR, first).text == "≥ 6.14"
    browser.execute_script("arguments[0].click()", head)
    assert browser.find_element(By.CSS_SELECTOR, first).text == "1.95"
    sorted_by = browser.find_elements(By.CSS_SELECTOR, "th[aria-sort]")
    assert [h.get_attribute("aria-sort") for h in sorted_by] == ["ascending"]


def test_theme_button_overrides_the_system(browser: Any, pages: Any) -> None:
    from selenium.webdriver.common.by import By

    show(browser, pages("family"), theme="dark")
    browser.find_element(By.CSS_SELECTOR, ".theme").click()
    ground = "return getComputedStyle(document.body).backgroundColor"
    assert browser.execute_script(ground) == "rgb(246, 247, 249)"


def test_rows_can_be_saved(browser: Any, pages: Any, tmp_path: Path) -> None:
    from selenium.webdriver.common.by import By

    page = pages("hostile")
    show(browser, page)
    allow = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", allow)
    link = browser.find_element(By.CSS_SELECTOR, "footer .csv")
    browser.execute_script("arguments[0].click()", link)
    saved = tmp_path / "rows.csv"
    while not saved.exists():
        time.sleep(0.1)
    assert saved.read_bytes() == (page.parent / "rows.csv").read_bytes()


def test_targets_are_large_enough(browser: Any, pages: Any) -> None:
    show(browser, pages("family"), 390)
    small = browser.execute_script(
        "return [...document.querySelectorAll('button, .drawing .pt')].filter(n => {"
        "const r = n.getBoundingClientRect();"
        "return r.width && n.offsetParent !== null && !n.closest('thead') && r.height < 24"
        "}).length"
    )
    assert small == 0


def test_prints_light_on_few_sheets(browser: Any, pages: Any) -> None:
    show(browser, pages("family"), theme="dark")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    ground = browser.execute_script(
        "return getComputedStyle(document.documentElement).getPropertyValue('--card')"
    )
    assert ground.strip().upper() == "#FFFFFF"
    import base64

    paper = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True}
    pdf = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", paper)["data"])
    assert pdf.count(b"/Type /Page\n") <= 4
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
