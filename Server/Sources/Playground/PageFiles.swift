import HTTPTypes
import Hummingbird
import InferenceProtocol
import ServerHTTP

/// The files of the page, which the program carries in itself.
enum PageFiles {
  private static let script = "text/javascript; charset=utf-8"

  /// Name, media type, bytes.
  private static let all: [(name: String, type: String, bytes: [UInt8])] = [
    ("index.html", "text/html; charset=utf-8", PackageResources.index_html),
    ("page.css", "text/css; charset=utf-8", PackageResources.page_css),
    ("icon.svg", "image/svg+xml", PackageResources.icon_svg),
    ("main.js", script, PackageResources.main_js),
    ("api.js", script, PackageResources.api_js),
    ("dom.js", script, PackageResources.dom_js),
    ("axis.js", script, PackageResources.axis_js),
    ("chart.js", script, PackageResources.chart_js),
    ("source.js", script, PackageResources.source_js),
    ("train.js", script, PackageResources.train_js),
    ("models.js", script, PackageResources.models_js),
    ("answers.js", script, PackageResources.answers_js),
    ("roll.js", script, PackageResources.roll_js),
  ]

  /// `/`, and `/page/NAME` for what it loads.
  static var routes: [Route] {
    [
      Route(
        .get, "/", "The page: a playground, and the models.", mediaType: "text/html", isOpen: true
      ) { _ in try response("index.html") },
      Route(
        .get, "/page/{file}", "A file of the page.", mediaType: script, isOpen: true
      ) { call in try response(try call.parameter("file")) },
    ]
  }

  private static func response(_ name: String) throws(RequestError) -> Response {
    guard let file = all.first(where: { $0.name == name }) else {
      throw RequestError(.missing, "The page has no file \(quoted(name)).")
    }
    var response = Response(bytes: file.bytes, mediaType: file.type)
    response.headers[.cacheControl] = "no-cache"
    response.headers[.contentSecurityPolicy] =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
      + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    response.headers[.xContentTypeOptions] = "nosniff"
    return response
  }
}
