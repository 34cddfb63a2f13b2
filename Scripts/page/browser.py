"""The page of recurrent-server in a headless Chromium, and what is checked on it: for Scripts/test-page."""

import base64
import os
import re
import shutil

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

PATIENCE = 90


def browser(width=1280, height=900, dark=False):
    flags = webdriver.ChromeOptions()
    flags.binary_location = shutil.which("chromium")
    for flag in [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--force-prefers-reduced-motion",
        "--autoplay-policy=no-user-gesture-required",
        f"--window-size={width},{height}",
    ]:
        flags.add_argument(flag)
    flags.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=flags, service=webdriver.ChromeService(shutil.which("chromedriver")))
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )
    if dark:
        driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        )
    return driver


class Page:
    """The page in a browser, and what is checked on it."""

    def __init__(self, address, pictures=None, **how):
        self.driver, self.address, self.pictures = browser(**how), address, pictures

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def open(self, part="playground"):
        self.driver.get("about:blank")
        # Without a part in the address, the key Tab begins at the top.
        self.driver.get(self.address + ("/" if part == "playground" else f"/#{part}"))
        field = "series" if part == "playground" else "model"
        self.wait(
            lambda: self.driver.execute_script(f"return document.getElementById('{field}').options.length")
            > 0
        )

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.find(selector).text

    def wait(self, condition, what="the page", seconds=PATIENCE):
        try:
            return WebDriverWait(self.driver, seconds, 0.1).until(lambda _: condition())
        except Exception as error:
            self.picture("failure", whole=True)
            raise AssertionError(f"waited in vain: {what}; note: {self.notes()}") from error

    def notes(self):
        return [
            self.driver.execute_script("return document.getElementById(arguments[0]).textContent", name)
            for name in ["training-note", "series-note", "answer-note"]
        ]

    def put(self, selector, value):
        field = self.find(selector)
        field.clear()
        field.send_keys(value)

    def choose(self, selector, value):
        Select(self.find(selector)).select_by_value(value)

    def click(self, selector):
        field = self.find(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", field)
        field.click()

    def no_errors(self):
        wrong = [entry for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        assert not wrong, wrong

    def no_overflow(self):
        wide = self.driver.execute_script(
            """
            const width = document.documentElement.clientWidth;
            const inside = (node) => { for (let up = node.parentElement; up; up = up.parentElement) if (up.matches('.scroll, svg')) return true; };
            return [...document.querySelectorAll('body *')].filter((node) => !node.matches('.skip') && !inside(node))
              .filter((node) => node.getClientRects().length && node.getBoundingClientRect().right > width + 1)
              .map((node) => node.outerHTML.slice(0, 90)).concat(document.documentElement.scrollWidth > width ? ['the page scrolls sideways'] : []);"""
        )
        assert not wide, wide

    def picture(self, name, whole=True):
        if not self.pictures:
            return
        os.makedirs(self.pictures, exist_ok=True)
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": whole})
        with open(os.path.join(self.pictures, f"{name}.png"), "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def labels(self):
        """Every control has a name for those who do not see it, and every text enough contrast."""
        nameless = self.driver.execute_script("""
            return [...document.querySelectorAll('a, button, input, select, textarea, [tabindex], svg[role=img], progress')]
              .filter((node) => !(node.getAttribute('aria-label') || node.labels?.length || node.textContent.trim() || node.id === 'content'))
              .map((node) => node.outerHTML.slice(0, 90));""")
        assert not nameless, nameless
        weak = self.driver.execute_script("""
            const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
            const rgb = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
            const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
            const behind = (node) => {
              if (!node) return [255, 255, 255];
              const [r, g, b, a] = rgb(getComputedStyle(node).backgroundColor);
              if (a === 255) return [r, g, b];
              const under = behind(node.parentElement);
              return [r, g, b].map((c, i) => (c * a + under[i] * (255 - a)) / 255);
            };
            return [...document.querySelectorAll('body *')].filter((node) => node.getClientRects().length && !node.disabled && !node.closest('noscript, option')
              && [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())).flatMap((node) => {
                const style = getComputedStyle(node);
                const [a, b] = [light(rgb(node.namespaceURI.endsWith('svg') ? style.fill : style.color)), light(behind(node))];
                const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                return ratio < 4.5 ? [`${ratio.toFixed(2)} ${node.outerHTML.slice(0, 80)}`] : [];
              });""")
        assert not weak, weak

    def tab_order(self):
        """What the key Tab comes to, in order; each is seen to have the focus."""
        self.driver.execute_script(
            "document.querySelector('.mark').tabIndex = -1; document.querySelector('.mark').focus()"
        )
        seen = []
        ActionChains(self.driver).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
        for _ in range(60):
            if seen:
                ActionChains(self.driver).send_keys(Keys.TAB).perform()
            name, is_visible = self.driver.execute_script(
                """
                const node = document.activeElement;
                if (node === document.body) return [null, true];
                const style = getComputedStyle(node);
                return [node.id || node.name + (node.value ?? '') || node.textContent.trim().slice(0, 30), style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2];"""
            )
            if name is None or name in seen:
                break
            assert is_visible, f"{name} has the focus and does not show it"
            seen.append(name)
        return seen

    # What people do

    def small(self, epochs=2, cells=("lstm",)):
        for box in self.driver.find_elements(By.NAME, "cell"):
            if box.is_selected() != (box.get_attribute("value") in cells):
                box.click()
        for field, value in [
            ("units", 6),
            ("window", 12),
            ("ahead", 3),
            ("rate", 0.02),
            ("epochs", epochs),
            ("seed", 3),
        ]:
            self.put(f"#{field}", str(value))

    def train(self, cells):
        self.click("#train")
        self.wait(
            lambda: not self.find("#train").is_enabled()
            or len(self.driver.find_elements(By.CSS_SELECTOR, ".panel")) == len(cells),
            "a training begins",
        )
        self.wait(lambda: self.find("#train").is_enabled(), "the training's end")
        verdicts = [node.text for node in self.driver.find_elements(By.CSS_SELECTOR, ".verdict")]
        assert len(verdicts) == len(cells), verdicts
        for verdict in verdicts:
            assert re.search(
                r"(better|worse) than naive\. RMSE [\d.]+, naive [\d.]+, on \d+ unseen rows", verdict
            ), verdict
        return verdicts
