#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The bytes of a text in base 64; nil if it is none.
func bytes(base64 text: String) -> [UInt8]? {
  Data(base64Encoded: text, options: .ignoreUnknownCharacters).map { Array($0) }
}

/// Bytes as a text in base 64.
func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
