"""Small files of the names that the pages use, so that their commands can be run: sample-data.py FOLDER.

Numbers and words are drawn from one seed; nothing is learned from them but that the commands work.
"""
import gzip, math, random, struct, sys, zlib
from datetime import date, datetime, timedelta
from pathlib import Path

folder = Path(sys.argv[1])
drawn = random.Random(1)


def write(name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


# Series: hours of a load, months of passengers, days of prices and sales.

def hourly(first, days):
    start, step = datetime(2024, 1, 1), timedelta(hours=1)
    return [(start + step * hour, 100 + 20 * math.sin(hour * math.pi / 12) + drawn.gauss(0, 2))
            for hour in range(24 * first, 24 * (first + days))]


def loads(name, first, days):
    write(name, "time,load\n" + "".join(f"{time:%Y-%m-%d %H:%M},{load:.2f}\n" for time, load in hourly(first, days)))


for name, first, days in [("load.csv", 0, 90), ("newer.csv", 90, 8), ("other.csv", 60, 45), ("june.csv", 90, 14),
                          ("july.csv", 104, 20), ("may.csv", 80, 60)]:
    loads(name, first, days)
columns = [[load for _, load in hourly(0, 90)] for _ in range(3)]
write("loads.csv", "time,north,south,west\n" + "".join(
    f"{time:%Y-%m-%d %H:%M}," + ",".join(f"{column[row]:.2f}" for column in columns) + "\n"
    for row, (time, _) in enumerate(hourly(0, 90))))


def months(first, count):
    return "Month,Passengers\n" + "".join(
        f"{1949 + month // 12}-{month % 12 + 1:02},{100 + 2 * month + 30 * math.sin(month * math.pi / 6) + drawn.gauss(0, 3):.0f}\n"
        for month in range(first, first + count))


for name, first, count in [("airline-passengers.csv", 0, 144), ("newer-passengers.csv", 144, 60), ("other-passengers.csv", 60, 100)]:
    write(name, months(first, count))
price, rows = 100.0, []
for day in range(400):
    price *= math.exp(drawn.gauss(0, 0.01))
    rows.append(f"{date(2023, 1, 1) + timedelta(day)},{price:.2f}\n")
write("prices.csv", "Date,Close\n" + "".join(rows))
for name, last in [("sales.csv", 300), ("plan.csv", 314)]:
    write(name, "Day,Shop,Region,Promo,Holiday,Visitors,Sold\n" + "".join(
        f"{date(2024, 1, 1) + timedelta(day)},{shop},{region},{int(day % 9 == 0)},{int(day % 7 == 6)},"
        + (f"{50 + day % 7},{200 + 9 * (day % 7) + drawn.gauss(0, 4):.0f}\n" if day < 300 else ",\n")
        for shop, region in [("Lyon", "south"), ("Lille", "north")] for day in range(last)))
hours = [[load for _, load in hourly(0, 32)] for _ in range(3)]
for part, of in [("train", slice(0, 720)), ("test", slice(720, 768))]:
    names = ",".join(f"V{place + 1}" for place in range(1 + len(hours[0][of])))
    write(f"M4-Hourly-{part}.csv", names + "\n" + "".join(
        f"H{place}," + ",".join(f"{load:.2f}" for load in series[of]) + "\n" for place, series in enumerate(hours)))
for part, of in [("train", range(0, 90)), ("test", range(90, 108))]:
    write(f"M3-monthly-half-{part}.csv", "series,value\n" + "".join(
        f"N{place},{500 + place + 40 * math.sin(month * math.pi / 6) + month:.1f}\n" for place in range(4) for month in of))

# Texts: opinions, tagged sentences, pairs, and one long text.

GOOD, BAD = ["quiet", "fine", "warm", "bright"], ["dull", "noisy", "cold", "flat"]
THINGS = ["delight", "film", "story", "song", "room", "garden"]


def opinion():
    isGood = drawn.random() < 0.5
    return f"A {drawn.choice(GOOD if isGood else BAD)} {drawn.choice(THINGS)}.", "good" if isGood else "bad"


for name, column, count in [("reviews.tsv", "sentence", 300), ("more-reviews.tsv", "sentence", 80), ("texts-reviews.tsv", "text", 300)]:
    write(name, f"{column}\tlabel\n" + "".join("\t".join(opinion()) + "\n" for _ in range(count)))
write("sentences.txt", "".join(opinion()[0] + "\n" for _ in range(20)))
keyed = "".join(f"{row}\t{opinion()[0]}\n" for row in range(40))
write("texts.tsv", keyed)
write("big.tsv.gz", gzip.compress(keyed.encode(), mtime=0))
NAMES, PLACES = ["Ada Lovelace", "Alan Turing", "Grace Hopper"], ["London", "Paris", "Pune"]


def tagged():
    name, place = drawn.choice(NAMES).split(), drawn.choice(PLACES)
    words = [(word, "B-PER" if not at else "I-PER") for at, word in enumerate(name)]
    words += [("lived", "O"), ("in", "O"), (place, "B-LOC"), (".", "O")]
    return "".join(f"{word}\t{tag}\n" for word, tag in words) + "\n"


for name, count in [("train.conll", 200), ("dev.conll", 40), ("test.conll", 40), ("more.conll", 20)]:
    write(name, "".join(tagged() for _ in range(count)))
write("another-system.conll", (folder / "test.conll").read_text())
write("raw.txt", "".join(f"{drawn.choice(NAMES)} lived in {drawn.choice(PLACES)}.\n" for _ in range(800)))
write("shakespeare.txt", "".join(
    f"ROMEO:\nWhat {drawn.choice(GOOD + BAD)} {drawn.choice(THINGS)} is this?\n\n" for _ in range(900)))
GERMAN = {"Ein": "A", "Hund": "dog", "Kind": "child", "Vogel": "bird", "läuft": "runs", "singt": "sings", "im": "in the",
          "Schnee": "snow", "Garten": "garden", "Haus": "house"}


def pair():
    german = ["Ein", drawn.choice(["Hund", "Kind", "Vogel"]), drawn.choice(["läuft", "singt"]), "im",
              drawn.choice(["Schnee", "Garten", "Haus"])]
    return " ".join(german) + " .", " ".join(GERMAN[word] for word in german) + " ."


for name, count in [("train", 200), ("val", 30), ("test", 30), ("other", 20)]:
    pairs = [pair() for _ in range(count)]
    write(f"{name}.de", "".join(german + "\n" for german, _ in pairs))
    write(f"{name}.en", "".join(english + "\n" for _, english in pairs))
write("more.en", (folder / "other.en").read_text())
write("lines.txt", (folder / "other.de").read_text())
write("hin.tsv", "".join("{1}\t{0}\n".format(*pair()) for _ in range(200)))

# Arrays, tunes and images.

write("x.npy", b"\x93NUMPY\x01\0v\0" + "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 64), }".ljust(117).encode() + b"\n"
      + struct.pack("<64f", *(place % 17 / 16 for place in range(64))))


def midi(first, count):
    def quantity(number):
        return bytes([number >> 7 | 128, number & 127]) if number > 127 else bytes([number])
    track = b""
    for step in range(count):
        pitch = 60 + [0, 2, 4, 5, 7, 9, 11, 12][(first + step * 3) % 8]
        track += quantity(0) + bytes([0x90, pitch, 80]) + quantity(240) + bytes([0x80, pitch, 0])
    track += b"\0\xff\x2f\0"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480) + b"MTrk" + struct.pack(">I", len(track)) + track


for part, count in [("chorales", 12), ("train", 12), ("valid", 4), ("test", 4)]:
    for place in range(count):
        write(f"{part}/{place}.mid", midi(place, 48))
for name in ["start", "melody", "other"]:
    write(f"{name}.mid", midi(3, 32))


def png(size, light):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(drawn.randrange(light, light + 100) for _ in range(size)) for _ in range(size))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


for kind, light in [("ash", 0), ("elm", 150)]:
    for place in range(20):
        write(f"leaves/{kind}/{place}.png", png(8, light))
write("scan.png", png(8, 100))
write("more-digits.csv", ",".join(["label", *(f"p{place}" for place in range(64))]) + "\n" + "".join(
    ",".join([str(row % 10), *(str(drawn.randrange(17)) for _ in range(64))]) + "\n" for row in range(30)))
for part, count in [("train", 60), ("t10k", 20)]:
    pixels = bytes(drawn.randrange(256) for _ in range(count * 28 * 28))
    write(f"mnist/{part}-images-idx3-ubyte", struct.pack(">IIII", 2051, count, 28, 28) + pixels)
    write(f"mnist/{part}-labels-idx1-ubyte", struct.pack(">II", 2049, count) + bytes(place % 10 for place in range(count)))
