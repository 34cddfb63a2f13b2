"""Plain HTML of DocC's archives: every page a file, all links relative, one stylesheet, no script."""
import html, json, re, shutil
from pathlib import Path
from urllib.parse import quote

STYLE = """
:root { color-scheme: light dark; --ink: #1d1d1f; --soft: #6e6e73; --paper: #fff; --panel: #f5f5f7; --line: #d2d2d7;
  --link: #0066cc; --word: #ad3da4; --string: #c41a16; --number: #272ad8; --note: #707f8c; }
@media (prefers-color-scheme: dark) { :root { --ink: #f0f0f2; --soft: #a1a1a6; --paper: #16171a; --panel: #222326;
  --line: #3a3b40; --link: #5eb0ff; --word: #ff7ab2; --string: #ff8170; --number: #d9c97c; --note: #98a2ad; } }
* { box-sizing: border-box; }
body { margin: 0; font: 17px/1.55 -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; color: var(--ink);
  background: var(--paper); display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
nav { padding: 1.5rem 1rem; border-right: 1px solid var(--line); font-size: 14px; min-height: 100vh; }
nav > div { position: sticky; top: 1rem; max-height: calc(100vh - 2rem); overflow: auto; }
nav b { display: block; margin: 1.1rem 0 .2rem; color: var(--soft); font-size: 12px; text-transform: uppercase; letter-spacing: .04em; }
nav a { display: block; padding: .15rem .5rem; border-radius: .4rem; color: inherit; }
nav a.here { background: var(--panel); font-weight: 600; }
main { padding: 1.5rem clamp(1rem, 4vw, 4rem) 4rem; max-width: 60rem; min-width: 0; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
h1 { font-size: 2.1rem; line-height: 1.15; margin: .3rem 0 .8rem; overflow-wrap: anywhere; } h2 { margin-top: 2.4rem; } h3 { margin-top: 1.8rem; }
.kind { color: var(--soft); margin: 0; } .abstract { font-size: 1.15rem; color: var(--soft); }
code, pre { font: .86em/1.5 ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace; } code { overflow-wrap: anywhere; }
pre { background: var(--panel); padding: .9rem 1.1rem; border-radius: .7rem; overflow-x: auto; } pre code { font-size: 13.5px; overflow-wrap: normal; }
pre .w { color: var(--word); } pre .s { color: var(--string); } pre .n { color: var(--number); } pre .c { color: var(--note); }
img { max-width: 100%; height: auto; border-radius: .7rem; }
.table { overflow-x: auto; } table { border-collapse: collapse; margin: 1rem 0; } th, td { border: 1px solid var(--line); padding: .35rem .7rem; text-align: left; vertical-align: top; }
aside { border-left: 4px solid var(--link); background: var(--panel); padding: .2rem 1rem; border-radius: .4rem; margin: 1.2rem 0; }
dl.topics dt { margin-top: .5rem; } dl.topics dd { margin: 0 0 0 1.4rem; color: var(--soft); }
.next { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); }
@media (max-width: 50rem) { body { display: block; } nav { border: 0; border-bottom: 1px solid var(--line); min-height: 0; padding: .6rem 1rem; }
  nav > div { position: static; max-height: 11rem; } main { padding: 1rem 1rem 3rem; } h1 { font-size: 1.7rem; } }
"""
WORDS = """actor any as associatedtype async await break case catch class continue default defer do else enum extension
false fileprivate for func get guard if import in init inout internal is let mutating nil open operator override package
private protocol public repeat return self Self set some static struct subscript super switch throw throws true try
typealias var where while""".split()
TOKEN = re.compile(
    r'(?P<c>//[^\n]*)|(?P<s>"(?:\\.|[^"\\\n])*")|(?P<n>\b\d[\d_.e]*\b)|(?P<w>\b(?:' + "|".join(WORDS) + r")\b)")
ROOT = "/documentation/recurrent"


def highlighted(code):
    result, place = [], 0
    for match in TOKEN.finditer(code):
        result += [html.escape(code[place : match.start()]), f'<span class="{match.lastgroup}">{html.escape(match[0])}</span>']
        place = match.end()
    return "".join(result) + html.escape(code[place:])


def file_of(url):
    """Where a page lies in the site."""
    path = url.split("#")[0].removeprefix("/documentation/")
    return "index.html" if path == "recurrent" else path + ".html"


class Page:
    def __init__(self, data, url, navigation, archive, site):
        self.data, self.navigation, self.archive, self.site = data, navigation, archive, site
        self.references = data.get("references", {})
        self.url = url
        self.file = file_of(self.url)
        self.depth = self.file.count("/")

    def href(self, url):
        if not url.startswith("/documentation/"):
            return html.escape(url)
        anchor = url.partition("#")[2]
        return "../" * self.depth + quote(file_of(url)) + (f"#{quote(anchor)}" if anchor else "")

    def inline(self, items):
        return "".join(self.inline_one(item) for item in items or [])

    def inline_one(self, item):
        kind = item["type"]
        if kind == "text":
            return html.escape(item["text"])
        if kind == "codeVoice":
            return f"<code>{html.escape(item['code'])}</code>"
        if kind in ("emphasis", "strong"):
            tag = {"emphasis": "em", "strong": "strong"}[kind]
            return f"<{tag}>{self.inline(item['inlineContent'])}</{tag}>"
        if kind == "reference":
            reference = self.references.get(item["identifier"], {})
            title = reference.get("title", item["identifier"])
            words = self.inline(item.get("overridingTitleInlineContent")) or html.escape(title)
            if reference.get("role") == "symbol" or reference.get("kind") == "symbol":
                words = words if words.startswith("<code>") else f"<code>{words}</code>"
            return f'<a href="{self.href(reference["url"])}">{words}</a>' if "url" in reference else words
        if kind == "image":
            reference = self.references[item["identifier"]]
            source = reference["variants"][0]["url"].lstrip("/")
            target = self.site / "images" / Path(source).name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.archive / source, target)
            place = "../" * self.depth + "images/" + quote(target.name)
            return f'<img src="{place}" alt="{html.escape(reference.get("alt") or "")}">'
        raise SystemExit(f"{self.file}: no form for inline content of type {kind}")

    def blocks(self, items):
        return "\n".join(self.block(item) for item in items or [])

    def block(self, item):
        kind = item["type"]
        if kind == "heading":
            return f'<h{item["level"]} id="{html.escape(item["anchor"])}">{html.escape(item["text"])}</h{item["level"]}>'
        if kind == "paragraph":
            return f"<p>{self.inline(item['inlineContent'])}</p>"
        if kind == "codeListing":
            code = "\n".join(item["code"])
            return f"<pre><code>{highlighted(code) if item.get('syntax') == 'swift' else html.escape(code)}</code></pre>"
        if kind in ("unorderedList", "orderedList"):
            tag = "ul" if kind == "unorderedList" else "ol"
            return f"<{tag}>" + "".join(f"<li>{self.blocks(entry['content'])}</li>" for entry in item["items"]) + f"</{tag}>"
        if kind == "aside":
            return f"<aside><p><strong>{html.escape(item.get('name') or item['style'])}</strong></p>{self.blocks(item['content'])}</aside>"
        if kind == "table":
            rows = []
            for index, row in enumerate(item["rows"]):
                tag = "th" if index == 0 and item.get("header") in ("row", "both") else "td"
                rows.append("<tr>" + "".join(f"<{tag}>{self.blocks(cell)}</{tag}>" for cell in row) + "</tr>")
            return ('<div class="table"><table>' + "".join(rows) + "</table></div>").replace("<p>", "").replace("</p>", "")
        raise SystemExit(f"{self.file}: no form for a block of type {kind}")

    def topics(self, sections):
        result = []
        for section in sections or []:
            result.append(f"<h3>{html.escape(section.get('title') or 'Topics')}</h3><dl class='topics'>")
            for identifier in section["identifiers"]:
                about = self.inline(self.references.get(identifier, {}).get("abstract"))
                link = self.inline_one({"type": "reference", "identifier": identifier})
                result.append(f"<dt>{link}</dt><dd>{about}</dd>")
            result.append("</dl>")
        return "\n".join(result)

    def sections(self):
        for section in self.data.get("primaryContentSections", []):
            if section["kind"] == "declarations":
                for declaration in section["declarations"]:
                    code = "".join(token["text"] for token in declaration["tokens"])
                    yield f"<pre><code>{highlighted(code)}</code></pre>"
            elif section["kind"] == "parameters":
                entries = "".join(
                    f"<dt><code>{html.escape(entry['name'])}</code></dt><dd>{self.blocks(entry['content'])}</dd>"
                    for entry in section["parameters"])
                yield f"<h2>Parameters</h2><dl>{entries}</dl>"
            elif section["kind"] == "content":
                yield self.blocks(section["content"])

    def text(self):
        metadata = self.data["metadata"]
        links, order = [], []
        for title, entries in self.navigation:
            links.append(f"<b>{html.escape(title)}</b>" if title else "")
            for url, name in entries:
                here = ' class="here"' if url == self.url else ""
                links.append(f'<a href="{self.href(url)}"{here}>{html.escape(name)}</a>')
                order.append((url, name))
        place = [url for url, _ in order].index(self.url) + 1 if self.url in [url for url, _ in order] else 0
        following = order[place] if 0 < place < len(order) else None
        kind = metadata.get("roleHeading", "")
        parts = [
            f'<p class="kind">{html.escape(kind)}</p>' if kind not in ("", "Article") else "",
            f"<h1>{html.escape(metadata['title'])}</h1>",
            f'<p class="abstract">{self.inline(self.data.get("abstract"))}</p>', *self.sections()]
        if self.data.get("topicSections"):
            parts += ['<h2>Topics</h2>', self.topics(self.data["topicSections"])]
        for section in self.data.get("relationshipsSections", []):
            names = [self.inline_one({"type": "reference", "identifier": entry}) for entry in section["identifiers"]]
            parts.append(f"<h3>{html.escape(section['title'])}</h3><p>{', '.join(names)}</p>")
        if following:
            parts.append(f'<p class="next">Next: <a href="{self.href(following[0])}">{html.escape(following[1])}</a></p>')
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{html.escape(metadata['title'])}</title>"
            f'<link rel="stylesheet" href="{"../" * self.depth}style.css">'
            f"<nav><div>{''.join(links)}</div></nav><main>{chr(10).join(parts)}</main></html>\n")


def write(archive, site):
    """Writes the site of an archive, and gives the number of its pages."""
    landing = json.loads((archive / "data/documentation/recurrent.json").read_text())
    references = landing["references"]
    navigation = [("", [(ROOT, "Recurrent")])] + [
        (section["title"], [(references[key]["url"], references[key]["title"]) for key in section["identifiers"]])
        for section in landing["topicSections"] if section["title"].startswith("Guide")]
    navigation.append(("Symbols", [(f"/documentation/{name.lower()}", name) for name in ["RecurrentTasks", "RecurrentONNX"]]))
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(parents=True)
    (site / "style.css").write_text(STYLE)
    count = 0
    for path in sorted((archive / "data/documentation").rglob("*.json")):
        url = "/" + str(path.relative_to(archive / "data").with_suffix(""))
        page = Page(json.loads(path.read_text()), url, navigation, archive, site)
        target = site / page.file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page.text())
        count += 1
    return count
