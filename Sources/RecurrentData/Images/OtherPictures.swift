import RecurrentFiles

/// Pictures of formats that are not read, told by their first bytes whatever their names say.
enum OtherPictures {
  /// `a JPEG picture`; nil for what is none of these.
  static func name(of bytes: [UInt8]) -> String? {
    func has(_ text: String, at offset: Int = 0) -> Bool {
      bytes.dropFirst(offset).starts(with: text.utf8)
    }
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return "a JPEG picture" }
    if has("GIF87a") || has("GIF89a") { return "a GIF picture" }
    if has("RIFF"), has("WEBP", at: 8) { return "a WebP picture" }
    if has("II*\0") || has("MM\0*") { return "a TIFF picture" }
    if has("ftyphei", at: 4) || has("ftypavif", at: 4) { return "a HEIC or AVIF picture" }
    // A text may begin with BM; no text has two bytes of zero where the header has them.
    if has("BM"), has("\0\0\0\0", at: 6) { return "a BMP picture" }
    return nil
  }

  /// Whether a file's name says that it is one.
  static func isNamed(_ name: String) -> Bool {
    let endings = [
      ".jpg", ".jpeg", ".jpe", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".avif",
    ]
    return endings.contains { name.lowercased().hasSuffix($0) }
  }

  /// The command that writes a PNG file beside each of the files, as a shell reads them.
  static func conversion(of files: String) -> String {
    "ImageMagick writes a PNG file beside each by: magick mogrify -format png \(files)"
  }

  /// Throws if the bytes are those of such a picture.
  static func check(_ bytes: [UInt8], path: String) throws(DataError) {
    guard let name = name(of: bytes) else { return }
    throw DataError(
      file: path, problem: "found \(name), expected PNG",
      advice: conversion(of: "'\(path)'"))
  }
}
