import RecurrentFiles

extension ModelFolder {
  /// The whole of `config.json`: the summary's members and the caller's configuration beside each
  /// other.
  struct Envelope<Configuration> {
    var summary: Summary
    var checksum: String?
    var configuration: Configuration

    enum CodingKeys: CodingKey {
      case checksum, configuration
    }
  }

  /// `config.json` with the checksum of its own that belongs to it.
  package static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    let (place, text) = checksum(ofConfiguration: bytes)
    guard let place else { return bytes }
    return bytes[..<place.lowerBound] + Array(text.utf8) + bytes[place.upperBound...]
  }

  /// The checksum of `config.json`, taken while `Checksum.blank` stands in its place, and that place:
  /// where the file's first checksum stands, as its members are sorted.
  static func checksum(
    ofConfiguration bytes: [UInt8]
  ) -> (place: Range<Int>?, text: String) {
    let blank = Array(Checksum.blank.utf8)
    guard let start = bytes.firstRange(of: Array("fnv1a64:".utf8))?.lowerBound,
      bytes.count - start >= blank.count
    else { return (nil, checksumText(of: bytes)) }
    let place = start..<start + blank.count
    return (place, checksumText(of: bytes[..<start] + blank + bytes[place.upperBound...]))
  }
}

extension ModelFolder.Envelope: Encodable where Configuration: Encodable {
  func encode(to encoder: any Encoder) throws {
    try summary.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(checksum, forKey: .checksum)
    try container.encode(configuration, forKey: .configuration)
  }
}

extension ModelFolder.Envelope: Decodable where Configuration: Decodable {
  init(from decoder: any Decoder) throws {
    summary = try ModelFolder.Summary(from: decoder)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    configuration = try container.decode(Configuration.self, forKey: .configuration)
  }
}
