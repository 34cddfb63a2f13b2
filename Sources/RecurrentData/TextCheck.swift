import RecurrentFiles

/// Checks that bytes are UTF-8 text.
enum TextCheck {
  /// Throws when the first bytes are those of a known format that is not UTF-8 text.
  static func requireKnownStart(_ bytes: [UInt8], file: String) throws(DataError) {
    let signatures: [(start: [UInt8], name: String, advice: String)] = [
      ([0x1F, 0x8B], "a gzip archive", "Unpack it with gunzip"),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "an xz archive", "Unpack it with unxz"),
      ([0x28, 0xB5, 0x2F, 0xFD], "a zstd archive", "Unpack it with unzstd"),
      (
        [0x50, 0x4B, 0x03, 0x04], "a zip archive or a spreadsheet",
        "Unpack it, or save the spreadsheet as CSV"
      ),
      (
        Array("PAR1".utf8), "a Parquet file",
        "Write it as CSV in Python: pandas.read_parquet(path).to_csv(\"table.csv\", index=False)"
      ),
      (
        Array("SQLite format 3\0".utf8), "an SQLite database",
        "Write a table of it as CSV: sqlite3 -csv -header FILE 'select * from TABLE'"
      ),
      (
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1],
        "a document or spreadsheet of Microsoft Office",
        "Save the spreadsheet as CSV"
      ),
      (Array("%PDF-".utf8), "a PDF document", "Take its text out with pdftotext"),
      (
        Array("version https://git-lfs.github.com/spec/".utf8), "a pointer of Git LFS",
        "Bring the file itself by git lfs pull in its repository"
      ),
    ]
    if let picture = OtherPictures.name(of: bytes)
      ?? (bytes.starts(with: PNGFile.signature) ? "a PNG picture" : nil)
    {
      throw DataError(
        file: file, problem: "found \(picture), expected UTF-8 text",
        advice: "Pictures are for image classifiers")
    }
    for signature in signatures where bytes.starts(with: signature.start) {
      throw DataError(
        file: file, line: 1, problem: "found \(signature.name), expected UTF-8 text",
        advice: signature.advice)
    }
  }

  /// The physical line, from 1, that holds byte `offset`.
  static func lineNumber(of offset: Int, in bytes: [UInt8]) -> Int {
    1 + bytes[..<offset].reduce(into: 0) { count, byte in count += byte == 0x0A ? 1 : 0 }
  }

  /// The offset of the first zero byte or of the first byte of an ill-formed UTF-8 sequence.
  static func firstBadByte(_ bytes: [UInt8]) -> Int? {
    bytes.withUnsafeBytes { raw in
      var i = 0
      while i < raw.count {
        // Eight bytes of plain text at once: no high bit set, and no byte zero.
        if i + 8 <= raw.count {
          let word = raw.loadUnaligned(fromByteOffset: i, as: UInt64.self)
          let zeros = (word &- 0x0101_0101_0101_0101) & ~word
          if (word | zeros) & 0x8080_8080_8080_8080 == 0 {
            i += 8
            continue
          }
        }
        let length = sequenceLength(raw, at: i)
        if length == 0 { return i }
        i += length
      }
      return nil
    }
  }

  /// The length of the well-formed sequence at `i` (Unicode 15, table 3-7), or 0.
  private static func sequenceLength(_ raw: UnsafeRawBufferPointer, at i: Int) -> Int {
    let first = raw[i]
    if first < 0x80 { return first == 0 ? 0 : 1 }
    let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    guard first >= 0xC2, first <= 0xF4, i + length <= raw.count else { return 0 }
    let second = raw[i + 1]
    let lowest: UInt8 = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80
    let highest: UInt8 = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF
    guard second >= lowest, second <= highest else { return 0 }
    for k in 2..<Swift.max(length, 2) where raw[i + k] & 0xC0 != 0x80 { return 0 }
    return length
  }
}
