import Foundation
import Recurrent

extension Explanation {
  /// The tokens in a line: green for the class, red against it, the stronger the more they weigh;
  /// without colours, the weights in parentheses.
  public func terminal(colour: Bool) -> String {
    let scale = scale
    return tokens.enumerated().map { index, token in
      let text = isKnown[index] ? token.text.visible : token.text.visible + "?"
      guard colour else {
        return "\(text)(\(NumberFormat.fixed(Double(token.weight), 3)))"
      }
      let strength = scale > 0 ? abs(token.weight) / scale : 0
      guard strength >= 0.1 else { return text }
      // Three steps of the 256 colours each, pale to strong.
      let green = [151, 114, 41]
      let red = [224, 217, 203]
      let step = strength < 0.35 ? 0 : strength < 0.7 ? 1 : 2
      let code = token.weight >= 0 ? green[step] : red[step]
      return "\u{1B}[30;48;5;\(code)m\(text)\u{1B}[0m"
    }.joined(separator: " ")
  }
}

extension String {
  /// Spaces and control characters as signs that can be seen, so that no text steers a terminal.
  var visible: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.map { scalar in
          switch scalar.value {
          case 0x20: "␣"
          case 0x0A: "⏎"
          case 0x00...0x1F, 0x7F...0x9F: "�"
          default: scalar
          }
        }))
  }

  /// The text with what HTML takes for marks escaped.
  var escapedForHTML: String {
    replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}

/// Explanations as one HTML page that needs nothing beside it.
public struct ExplanationPage: Sendable {
  private let title: String
  private var rows: [String] = []

  /// An empty page.
  public init(title: String) { self.title = title }

  /// Puts a decision at the end.
  public mutating func append(_ explanation: Explanation) {
    let scale = explanation.scale
    let tokens = explanation.tokens.map { token in
      let strength = scale > 0 ? abs(token.weight) / scale : 0
      // The colours of all charts: green for, vermillion against.
      let colour = token.weight >= 0 ? "0,158,115" : "213,94,0"
      let alpha = NumberFormat.fixed(Double(strength) * 0.75, 2)
      let weight = NumberFormat.fixed(Double(token.weight), 4)
      return
        "<span style=\"background:rgba(\(colour),\(alpha))\" title=\"\(weight)\">"
        + "\(token.text.visible.escapedForHTML)</span>"
    }
    rows.append(
      "<tr><th>\(explanation.label.escapedForHTML)</th>"
        + "<td>\(NumberFormat.fixed(Double(explanation.probability), 3))</td>"
        + "<td dir=\"auto\">\(tokens.joined(separator: " "))</td></tr>")
  }

  /// The page.
  public var html: String {
    """
    <!DOCTYPE html>
    <html><head><meta charset="utf-8"><title>\(title.escapedForHTML)</title>
    <style>
    body { font: 16px/1.6 system-ui, sans-serif; margin: 2em; color: #222 }
    th { text-align: left } td, th { padding: 0 1em 0 0; vertical-align: top }
    span { border-radius: 3px; padding: 1px 2px }
    </style></head><body>
    <p>Green tokens spoke for the class, orange ones against it; the stronger, the more.</p>
    <table>
    \(rows.joined(separator: "\n"))
    </table></body></html>

    """
  }

  /// Writes the page, whole or not at all.
  public func write(to path: String) throws(DataError) { try writeAtomically(html, to: path) }
}

extension TextClassifier.Answer {
  /// The answer as one JSON object on one line.
  public func json(labels: [String], explanation: Explanation? = nil) -> String {
    func number(_ value: Float) -> String { value.isFinite ? "\(value)" : "null" }
    var text = "{\"label\":\(label.jsonText),\"probability\":\(number(probability))"
    text += ",\"probabilities\":{"
    text += zip(labels, probabilities).map { "\($0.jsonText):\(number($1))" }.joined(separator: ",")
    text += "}"
    if let explanation {
      let tokens = explanation.tokens.map { "[\($0.text.jsonText),\(number($0.weight))]" }
      text += ",\"\(explanation.method.rawValue)\":[\(tokens.joined(separator: ","))]"
    }
    return text + "}"
  }
}

extension String {
  /// The text as a JSON string.
  package var jsonText: String {
    var text = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      default:
        if scalar.value < 0x20 {
          text += "\\u" + String(format: "%04x", scalar.value)
        } else {
          text.unicodeScalars.append(scalar)
        }
      }
    }
    return text + "\""
  }
}
