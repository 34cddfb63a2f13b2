/// The version of this library.
public enum LibraryVersion {
  /// The version, as `0.1.0`.
  public static let current = "0.1.0"
}
