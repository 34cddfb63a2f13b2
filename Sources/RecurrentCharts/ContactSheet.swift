import RecurrentFiles

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Small pictures side by side, each with two lines of text under it.
public struct ContactSheet: Sendable {
  /// A picture and what is said about it.
  public struct Picture: Sendable {
    /// The picture as a PNG file.
    public var png: [UInt8]
    /// The picture's height in pixels.
    public var height: Int
    /// The picture's width in pixels.
    public var width: Int
    /// The first line under it.
    public var caption: String
    /// The second line.
    public var remark: String

    /// A picture.
    public init(png: [UInt8], height: Int, width: Int, caption: String, remark: String) {
      (self.png, self.height, self.width) = (png, height, width)
      (self.caption, self.remark) = (caption, remark)
    }
  }

  /// The heading.
  public var title: String
  /// The line under it.
  public var subtitle: String
  /// The pictures, row by row.
  public var pictures: [Picture]

  /// A sheet.
  public init(title: String, subtitle: String, pictures: [Picture]) {
    self.title = title
    self.subtitle = subtitle
    self.pictures = pictures
  }

  private static let cell = (width: 128.0, height: 148.0, picture: 104.0)

  /// The sheet as the text of an SVG file, `columns` pictures wide; pixels stay sharp.
  public func svg(columns: Int = 6) -> String {
    require(columns >= 1, "a contact sheet has at least one column, not \(columns)")
    let rows = max(1, (pictures.count + columns - 1) / columns)
    let cell = Self.cell
    let width = Int(cell.width) * columns + 32
    let top = 76.0
    var svg = SVGDocument(
      width: width, height: Int(top + cell.height * Double(rows)) + 12, title: title,
      description: subtitle)
    svg.element(
      "text", ["x": 24, "y": 32, "font-size": 18, "fill": .text(Palette.Ink.title)], text: title)
    svg.element(
      "text", ["x": 24, "y": 54, "font-size": 13, "fill": .text(Palette.Ink.text)], text: subtitle)
    for (index, picture) in pictures.enumerated() {
      let x = 16 + cell.width * Double(index % columns)
      let y = top + cell.height * Double(index / columns)
      draw(picture, x, y, in: &svg)
    }
    return svg.finished()
  }

  private func draw(_ picture: Picture, _ x: Double, _ y: Double, in svg: inout SVGDocument) {
    let cell = Self.cell
    let scale = cell.picture / Double(max(picture.height, picture.width))
    // A picture of one row stays visible.
    let width = max(8, scale * Double(picture.width))
    let height = max(8, scale * Double(picture.height))
    let (left, upper) = (x + (cell.width - width) / 2, y + (cell.picture - height) / 2)
    svg.element(
      "image",
      [
        "x": .number(left), "y": .number(upper), "width": .number(width),
        "height": .number(height), "preserveAspectRatio": "none",
        "style": "image-rendering:pixelated",
        "href": .text("data:image/png;base64," + Data(picture.png).base64EncodedString()),
      ])
    svg.element(
      "rect",
      [
        "x": .number(left), "y": .number(upper), "width": .number(width),
        "height": .number(height), "fill": "none", "stroke": .text(Palette.Ink.grid),
      ])
    let texts = [(picture.caption, 17.0, 12.0), (picture.remark, 31.0, 11.0)]
    for (text, offset, size) in texts {
      svg.element(
        "text",
        [
          "x": .number(x + cell.width / 2), "y": .number(y + cell.picture + offset),
          "font-size": .number(size), "text-anchor": "middle", "fill": .text(Palette.Ink.text),
        ], text: text)
    }
  }
}
