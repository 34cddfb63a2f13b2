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

  /// Throws if the bytes are those of such a picture, or of arrays that hold several.
  static func check(_ bytes: [UInt8], path: String) throws(DataError) {
    func fail(_ name: String, _ expected: String, _ advice: String) -> DataError {
      DataError(file: path, problem: "found \(name), expected \(expected)", advice: advice)
    }
    if let name = name(of: bytes) {
      throw fail(name, "PNG", conversion(of: "'\(path)'"))
    }
    let asTable =
      "Write its images x and classes y as a table in Python: np.savetxt(\"images.csv\", "
      + "np.c_[y, x.reshape(len(x), -1)], \"%g\", \",\"); and read that with --label first"
    if bytes.starts(with: Array("PK\u{3}\u{4}".utf8)) {
      // The list at the end has the names of what is in it as plain text.
      let hasArrays = bytes.suffix(1 << 16).contains(Array(".npy".utf8))
      throw fail(
        hasArrays ? "an archive of np.savez" : "a zip archive", "images",
        hasArrays ? asTable : "Unpack it, and name the folder or file of images")
    }
    if bytes.starts(with: [0x93] + Array("NUMPY".utf8)) {
      throw fail("an array of np.save", "images", asTable)
    }
    if bytes.count > 1, bytes[0] == 0x80, (2...5).contains(bytes[1]) {
      throw fail("a pickle of Python", "images", asTable)
    }
  }
}
