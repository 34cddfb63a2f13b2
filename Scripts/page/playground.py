"""The playground of the page, control by control: for Scripts/test-page."""

import math
import os
import re

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys


def test_playground(page, folder):
    page.open()
    order = page.tab_order()
    expected = [
        "Skip to the content",
        "Playground",
        "Models",
        "Interface",
        "series",
        "upload",
        "cellrnn",
        "celllstm",
        "cellgru",
        "units",
        "window",
        "ahead",
        "rate",
        "epochs",
        "seed",
        "train",
    ]
    assert order == expected, order
    page.labels()
    page.picture("playground")

    # Fields that are not what they should be.
    for field, value in [("units", "0"), ("window", "1000"), ("rate", ""), ("epochs", "2.5")]:
        page.small()
        page.put(f"#{field}", value)
        page.click("#train")
        assert page.find(f"#{field}").get_attribute("aria-invalid") == "true" and "between" in page.text(
            "#training-note"
        ), field
        assert page.driver.switch_to.active_element.get_attribute("id") == field
    page.small(cells=())
    page.click("#train")
    assert "Choose a cell" in page.text("#training-note")

    # A training to its end, of all cells, on each series.
    page.small(epochs=3, cells=("rnn", "lstm", "gru"))
    for series in ["co2", "passengers", "goog", "sine"]:
        page.choose("#series", series)
        assert "rows from" in page.text("#series-note")
        if series != "sine":
            page.small(epochs=1)
        else:
            page.small(epochs=6, cells=("rnn", "lstm", "gru"))
        verdicts = page.train(["x"] if series != "sine" else ["rnn", "lstm", "gru"])
    assert any("better" in verdict for verdict in verdicts), verdicts
    for chart in page.driver.find_elements(By.CSS_SELECTOR, ".panel svg[role=img]"):
        assert len(chart.find_elements(By.CSS_SELECTOR, "polyline")) >= 1 and "Last:" in chart.get_attribute(
            "aria-label"
        )
    keys = page.driver.execute_script(
        "return [...document.querySelectorAll('[data-cell=lstm] .key')].map((key) => [...key.children].map((item) => item.textContent))"
    )
    assert keys[2] == ["input", "forget", "output", "hidden"], keys
    chart = page.find("[data-cell=lstm] .chart")
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", chart)
    ActionChains(page.driver).move_to_element(chart).perform()
    shown = page.text("[data-cell=lstm] .key")
    assert re.search(r"naive [−\d.]+\s+forecast [−\d.]+\s+truth [−\d.]+\s+row \d+", shown), shown
    page.labels()
    page.no_overflow()
    page.picture("trained")

    # Stop, and at once again.
    page.small(epochs=500, cells=("lstm", "gru"))
    page.click("#train")
    page.wait(lambda: "epoch" in page.text(".panel .hint"), "an epoch")
    page.click("#stop")
    page.wait(lambda: page.text("#training-note") == "Stopped.", "the end of what was stopped")
    page.small(epochs=1, cells=("rnn", "lstm", "gru"))
    page.train(["rnn", "lstm", "gru"])

    # A table: its last column, another, and one that is none.
    path = os.path.join(folder, "table.csv")
    with open(path, "w") as file:
        file.write(
            "day,a,b\n"
            + "".join(f"{row},{math.sin(row / 5):.4f},{row % 9 if row != 7 else ''}\n" for row in range(300))
        )
    page.find("#upload").send_keys(path)
    page.wait(
        lambda: page.find("#column").is_displayed() and page.find("#column").get_attribute("value") == "b",
        "the table",
    )
    assert "filled" in page.text("#series-note") and "--" not in page.text("#series-note")
    page.choose("#column", "a")
    page.wait(
        lambda: "300 rows" in page.text("#series-note")
        and page.find("#column").get_attribute("value") == "a",
        "the column",
    )
    page.small(epochs=1)
    page.train(["lstm"])
    wrong = os.path.join(folder, "wrong.csv")
    with open(wrong, "w") as file:
        file.write("a,b\nx,y\n")
    page.find("#upload").send_keys(wrong)
    page.wait(lambda: "column holds numbers" in page.text("#series-note"), "what is wrong with a table")

    # A drawing, by pointer and by keys.
    page.choose("#series", "drawn")
    pad = page.find("#pad")
    before = pad.find_element(By.CSS_SELECTOR, "polyline").get_attribute("points")
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", pad)
    ActionChains(page.driver).move_to_element_with_offset(pad, -300, 40).click_and_hold().move_by_offset(
        250, -80
    ).move_by_offset(250, 80).release().perform()
    drawn = pad.find_element(By.CSS_SELECTOR, "polyline").get_attribute("points")
    assert drawn != before
    pad.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_UP, Keys.ARROW_UP, Keys.ARROW_LEFT, Keys.ARROW_DOWN)
    assert pad.find_element(By.CSS_SELECTOR, "polyline").get_attribute("points") != drawn
    assert re.fullmatch(r"Point \d+ of 80: \d+ of 100", pad.get_attribute("aria-valuetext"))
    page.picture("drawing")
    page.small(epochs=1)
    page.train(["lstm"])
    page.click("#clear")
    page.click("#train")
    page.wait(lambda: "do not vary" in page.text(".verdict"), "what is wrong with a flat line")
    page.wait(lambda: page.find("#train").is_enabled())
    errors = [
        entry
        for entry in page.driver.get_log("browser")
        if entry["level"] == "SEVERE" and " 400 " not in entry["message"] and " 429 " not in entry["message"]
    ]
    assert not errors, errors

    # The keyboard alone.
    page.open()
    page.small(epochs=1)
    page.find("#seed").send_keys(Keys.TAB)
    ActionChains(page.driver).send_keys(Keys.ENTER).perform()
    page.wait(
        lambda: page.driver.find_elements(By.CSS_SELECTOR, ".verdict strong"), "a training by the keyboard"
    )
    page.no_errors()
