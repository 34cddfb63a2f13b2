/// The value of an attribute: a number with at most two decimals, or text.
enum SVGValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
  ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral
{
  case text(String)
  case number(Double)

  init(stringLiteral value: String) { self = .text(value) }
  init(floatLiteral value: Double) { self = .number(value) }
  init(integerLiteral value: Int) { self = .number(Double(value)) }
}

/// A rectangle in pixels; y grows downwards.
struct Rectangle: Equatable {
  var x: Double
  var y: Double
  var width: Double
  var height: Double

  var right: Double { x + width }
  var bottom: Double { y + height }
}

/// SVG text as it grows.
///
/// It uses neither scripts nor style sheets nor identifiers, so that a chart can stand
/// in any page, twice too.
struct SVGDocument {
  private var text: String

  /// A picture with a light background; title and description are for readers who hear it.
  init(width: Int, height: Int, title: String, description: String) {
    text = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
      viewBox="0 0 \(width) \(height)" role="img" font-family="system-ui, sans-serif">

      """
    element("title", text: title)
    element("desc", text: description)
    element(
      "rect",
      [
        "width": .number(Double(width)), "height": .number(Double(height)),
        "fill": .text(Palette.Ink.background),
      ])
  }

  /// The whole document.
  func finished() -> String {
    text + "</svg>\n"
  }

  /// An element without children, or with text only.
  mutating func element(
    _ name: String, _ attributes: KeyValuePairs<String, SVGValue> = [:], text content: String? = nil
  ) {
    text += "<\(name)" + Self.written(attributes)
    if let content {
      text += ">\(Self.escaped(content))</\(name)>\n"
    } else {
      text += "/>\n"
    }
  }

  /// An element with children: those that `body` adds.
  mutating func group(
    _ name: String = "g", _ attributes: KeyValuePairs<String, SVGValue>,
    _ body: (inout SVGDocument) -> Void
  ) {
    text += "<\(name)" + Self.written(attributes) + ">\n"
    body(&self)
    text += "</\(name)>\n"
  }

  /// Text as XML may hold it; characters that XML forbids become U+FFFD.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n", "\r": result += " "
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func written(_ attributes: KeyValuePairs<String, SVGValue>) -> String {
    attributes.map { name, value in
      switch value {
      case .text(let text): " \(name)=\"\(escaped(text))\""
      case .number(let number): " \(name)=\"\(ChartNumbers.coordinate(number))\""
      }
    }.joined()
  }
}
