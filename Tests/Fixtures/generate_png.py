"""Writes png/: pictures of 7 columns and 5 rows that Pillow made, and in pictures.json what Pillow reads from
them, laid over white. With Pillow 11 or later: python generate_png.py"""

import json
import pathlib
import random

from PIL import Image

random.seed(5)
FOLDER = pathlib.Path(__file__).parent / "png"
WIDTH, HEIGHT = 7, 5


def noise(mode):
    picture = Image.new(mode, (WIDTH, HEIGHT))
    bands = len(picture.getbands())
    for y in range(HEIGHT):
        for x in range(WIDTH):
            # Smooth with some noise, so that Pillow chooses filters of several types.
            value = [min(255, 31 * x + 9 * y * (band + 1) + random.randrange(9)) for band in range(bands)]
            picture.putpixel((x, y), value[0] if bands == 1 else tuple(value))
    return picture


pictures = {
    "grey": (noise("L"), {}),
    "grey-alpha": (noise("LA"), {}),
    "rgb": (noise("RGB"), {}),
    "rgba": (noise("RGBA"), {}),
    "bits-1": (noise("L").convert("1"), {}),
    "palette-8": (noise("RGB").quantize(40), {}),
    "palette-4": (noise("RGB").quantize(11), {"bits": 4}),
    "palette-2": (noise("RGB").quantize(4), {"bits": 2}),
    "palette-1": (noise("RGB").quantize(2), {"bits": 1}),
    "palette-transparent": (noise("RGB").quantize(9), {"bits": 4, "transparency": bytes([255, 0, 90, 200])}),
    "rgb-key": (noise("RGB"), {"transparency": (0, 1, 2)}),
}
pictures["rgb-key"][0].putpixel((3, 2), (0, 1, 2))
deep = Image.new("I;16", (WIDTH, HEIGHT))
for y in range(HEIGHT):
    for x in range(WIDTH):
        deep.putpixel((x, y), 9000 * x + 257 * y + 100)
pictures["grey-16"] = (deep, {})

expected = {}
for name, (picture, options) in pictures.items():
    path = FOLDER / f"{name}.png"
    picture.save(path, **options)
    with Image.open(path) as read:
        if name == "grey-16":
            rows = [read.getpixel((x, y)) for y in range(HEIGHT) for x in range(WIDTH)]
            expected[name] = [value for value in rows for _ in range(3)]
            continue
        rgba = read.convert("RGBA")
        pixels = [rgba.getpixel((x, y)) for y in range(HEIGHT) for x in range(WIDTH)]
        expected[name] = [
            round((value * alpha + 255 * (255 - alpha)) / 255) for *rgb, alpha in pixels for value in rgb]
with open(FOLDER / "pictures.json", "w") as file:
    json.dump(expected, file)
