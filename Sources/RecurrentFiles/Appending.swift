#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#endif

/// Adds bytes to the end of a file that others read while it grows; it is created if it is not there.
///
/// A program that is killed may leave a part of them, so what is added says where it ends.
///
/// - Throws: ``DataError`` of kind `unwritable` that says what failed.
package func append(_ bytes: [UInt8], toFile path: String) throws(DataError) {
  do throws(SystemError) {
    let descriptor = try check {
      open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    }
    defer { close(descriptor) }
    try writeAll({ append in bytes.withUnsafeBytes(append) }, to: descriptor)
  } catch {
    throw unwritable(path, error)
  }
}
