import Foundation

/// Published models, to be read and never to be kept here: in the folder that `RECURRENT_MODELS`
/// names.
public enum SharedModels {
  /// The folder, or nil if the variable is not set.
  public static let folder = ProcessInfo.processInfo.environment["RECURRENT_MODELS"].flatMap {
    $0.isEmpty ? nil : $0
  }

  /// The full path of `file`, or nil if it is not there.
  public static func path(_ file: String) -> String? {
    guard let path = folder.map({ $0 + "/" + file }) else { return nil }
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }
}
