"""Models of all kinds as the page asks them: for Scripts/test-page."""

import math
import os
import re

from selenium.webdriver.common.by import By

from page.models import digit


def ask(page, model, fields=(), picture=None):
    page.choose("#model", model)
    page.wait(lambda: page.driver.find_elements(By.CSS_SELECTOR, "#question button"), "the form")
    for name, value in fields:
        field = page.find(f"#ask-{name}")
        if field.get_attribute("type") == "checkbox":
            field.click()
        elif field.get_attribute("type") == "file":
            field.send_keys(value)
        else:
            page.put(f"#ask-{name}", value)
    page.labels()
    page.click("#question button.main")
    page.wait(lambda: page.text("#answer-note") == "Answered.", f"the answer of {model}", 60)
    page.labels()
    page.no_overflow()
    page.picture(picture or model)


def test_models(page, folder):
    page.open("models")
    assert not page.find("#playground").is_displayed()
    ask(page, "forecaster", [("steps", "12")])
    assert page.find("#answer .band") and re.search("(better|worse) than the naive", page.text("#answer"))
    assert len(page.driver.find_elements(By.CSS_SELECTOR, "#answer polyline")) == 2
    page.click("#answer summary")
    assert len(page.driver.find_elements(By.CSS_SELECTOR, "#answer tbody tr")) == 12
    ask(
        page,
        "forecaster",
        [("values", " ".join(f"{300 + math.sin(row / 4):.3f}" for row in range(60))), ("steps", "6")],
    )
    assert len(page.driver.find_elements(By.CSS_SELECTOR, "#answer polyline")) == 2
    page.put("#ask-values", "1 two")
    page.click("#question button.main")
    page.wait(lambda: "“two”" in page.text("#answer-note"), "what is wrong with values")
    page.put("#ask-values", "")
    page.put("#ask-steps", "0")
    page.click("#question button.main")
    assert "between" in page.text("#answer-note")
    ask(page, "classifier", [("text", "what a quiet delight"), ("explain", True)])
    assert (
        page.text("#answer h2") == "good"
        and len(page.driver.find_elements(By.CSS_SELECTOR, "#answer mark")) == 4
    )
    ask(page, "tagger", [("text", "Anna saw Rome .")])
    assert [mark.text.split() for mark in page.driver.find_elements(By.CSS_SELECTOR, "#answer mark")] == [
        ["Anna", "PER"],
        ["Rome", "LOC"],
    ], page.text("#answer")
    ask(page, "translator", [("text", "eins zwei"), ("beam", "3")])
    cells = page.driver.find_elements(By.CSS_SELECTOR, "#answer .heat tbody tr:first-of-type td")
    assert abs(sum(float(cell.text) for cell in cells) - 1) < 0.05
    ask(
        page, "generator", [("prompt", "the quick "), ("length", "80"), ("temperature", "0.5"), ("seed", "2")]
    )
    assert page.text("#answer .text").startswith("the quick") and len(page.text("#answer .text")) > 60
    page.put("#ask-length", "10000")
    page.click("#question button.main")
    page.click("#question button[type=button]")
    page.wait(lambda: page.text("#answer-note") == "Stopped.", "the end of a text")
    ask(
        page,
        "composer",
        [("note", "D4"), ("steps", "32"), ("temperature", "0.9"), ("scale", "C major"), ("seed", "2")],
    )
    assert page.driver.find_elements(By.CSS_SELECTOR, ".roll .note")
    assert page.find("#answer a[download]").get_attribute("href").startswith("data:audio/midi;base64,TVRoZ")
    page.click("#answer button")
    page.wait(
        lambda: "translate" in (page.find(".roll .head").get_attribute("transform") or ""), "the tune to play"
    )
    page.click("#answer button")
    assert page.text("#answer button") == "Play"
    picture = os.path.join(folder, "digit.png")
    with open(picture, "wb") as file:
        file.write(digit())
    ask(page, "image-classifier", [("png", picture)])
    assert len(page.driver.find_elements(By.CSS_SELECTOR, "#answer .bar")) == 10
    assert "Ask" in page.tab_order()
    # A graph has no form: what it takes and gives is told.
    page.choose("#model", "lstm")
    page.wait(lambda: "POST /v2/models/lstm/infer" in page.text("#answer"), "the graph")
    assert "FP32" in page.text("#answer table")
    page.no_overflow()
    page.no_errors()
