import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#endif

/// The system's error numbers as sentences, for messages.
package func systemProblem(_ number: CInt) -> String {
  switch number {
  case ENOENT: "there is no such file or folder"
  case EACCES, EPERM: "permission denied"
  case ENOSPC, EDQUOT: "no space left"
  case EFBIG: "larger than the system allows a file to be"
  case EROFS: "the file system is read-only"
  case ENOTDIR: "a part of the path is not a folder"
  case EISDIR: "it is a folder"
  case ENAMETOOLONG: "the name is too long"
  case ELOOP: "too many symbolic links"
  default: String(cString: strerror(number))
  }
}

/// The kind of thing that lies at a path.
package enum FileKind {
  /// A file with contents of its own, and its permissions.
  case file(mode: mode_t)
  /// A folder.
  case folder
  /// A device, pipe or socket.
  case special
}

/// What lies at `path`, symbolic links followed; throws the system's error number.
package func fileKind(_ path: String) throws(SystemError) -> FileKind {
  var information = stat()
  try check { stat(path, &information) }
  switch information.st_mode & S_IFMT {
  case S_IFREG: return .file(mode: information.st_mode & 0o777)
  case S_IFDIR: return .folder
  default: return .special
  }
}

/// An error number of the system.
package struct SystemError: Error, Equatable {
  package var number: CInt

  package init(_ number: CInt) { self.number = number }

  /// Whether nothing is at the path.
  package var isMissing: Bool { number == ENOENT }
}

/// How many system calls are still made: a test that stands in for a kill sets it, and afterwards
/// every call fails and changes nothing, those that would clean up included.
package let systemCallsUntilKill = Atomic(Int.max)

/// Makes a system call, again if a signal interrupted it; negative results throw.
@discardableResult
package func check<Result: SignedInteger>(_ call: () -> Result) throws(SystemError) -> Result {
  while true {
    if systemCallsUntilKill.wrappingSubtract(1, ordering: .relaxed).newValue < 0 {
      throw SystemError(ECANCELED)
    }
    let result = call()
    if result >= 0 { return result }
    let number = errno
    if number != EINTR { throw SystemError(number) }
  }
}

/// The bytes of memory that this program may use: no file larger than that is read.
package let memorySize = AvailableMemory.current.bytes

/// The bytes of the file at `path`, or of standard input at `-`.
///
/// - Parameter limit: The most bytes that are read; the size is looked at before anything is.
/// - Throws: ``DataError`` if there is no such file, it is not a file (a folder, a device), it is
///   larger than `limit`, or it cannot be read.
package func readFile(_ path: String, limit: Int = memorySize) throws(DataError) -> [UInt8] {
  do throws(SystemError) {
    if path == "-" {
      if let bytes = try readAll(STDIN_FILENO, limit: limit) { return bytes }
      throw SystemError(EFBIG)
    }
    if case .file = try fileKind(path) {
      let descriptor = try check { open(path, O_RDONLY | O_CLOEXEC) }
      defer { close(descriptor) }
      if let bytes = try readAll(descriptor, limit: limit) { return bytes }
      throw SystemError(EFBIG)
    }
  } catch {
    if error.number == ENOENT {
      throw DataError(.missingFile, file: path, problem: "there is no such file")
    }
    throw DataError(
      file: path,
      problem: error.number == EFBIG
        ? "holds more than \(limit) bytes, the most that are read of it"
        : "cannot be read: \(systemProblem(error.number))")
  }
  throw DataError(file: path, problem: "found a folder, device or pipe, expected a file")
}

/// The checksum of a file's bytes, which are never in memory all at once.
package func checksumText(ofFile path: String) throws(DataError) -> String {
  do throws(SystemError) {
    let descriptor = try check { open(path, O_RDONLY | O_CLOEXEC) }
    defer { close(descriptor) }
    var checksum = Checksum()
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { chunk.deallocate() }
    while true {
      let count = try check { read(descriptor, chunk.baseAddress, chunk.count) }
      if count == 0 { return checksum.text }
      checksum.add(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
    }
  } catch {
    throw DataError(file: path, problem: "cannot be read: \(systemProblem(error.number))")
  }
}

/// Reads a file to its end, or gives nil if it is larger than `limit`; its size as told is only the
/// first guess, as a file may change while it is read.
private func readAll(_ descriptor: CInt, limit: Int) throws(SystemError) -> [UInt8]? {
  let size = Int(try status(of: descriptor).st_size)
  if size > limit { return nil }
  var bytes = [UInt8](repeating: 0, count: size + 1)
  var count = 0
  while true {
    let room = min(bytes.count - count, 1 << 30)
    let found = try check {
      bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress.map { $0 + count }, room) }
    }
    if found == 0 { break }
    count += found
    if count > limit { return nil }
    if count == bytes.count { bytes += [UInt8](repeating: 0, count: bytes.count) }
  }
  bytes.removeLast(bytes.count - count)
  return bytes
}

/// What the system tells about an open file.
private func status(of descriptor: CInt) throws(SystemError) -> stat {
  var information = stat()
  try check { fstat(descriptor, &information) }
  return information
}

/// Locks an open file or folder until it is closed, or its process dies. If another holds it, this
/// waits or throws `EWOULDBLOCK`.
///
/// File systems without locks go without.
func lock(_ descriptor: CInt, waits: Bool = true) throws(SystemError) {
  do throws(SystemError) {
    try check { flock(descriptor, waits ? LOCK_EX : LOCK_EX | LOCK_NB) }
  } catch let error where [EBADF, EINVAL, ENOLCK, ENOSYS, ENOTSUP].contains(error.number) {}
}

/// Opens the file `path` and locks it; nil if another process removed or moved it before the lock
/// held.
func openLocked(
  _ path: String, _ flags: CInt, waits: Bool = true
) throws(SystemError) -> CInt? {
  let descriptor = try check { open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0o666) }
  do throws(SystemError) {
    try lock(descriptor, waits: waits)
    var named = stat()
    let opened = try status(of: descriptor)
    if lstat(path, &named) == 0, named.st_ino == opened.st_ino, named.st_dev == opened.st_dev {
      return descriptor
    }
  } catch {
    close(descriptor)
    throw error
  }
  close(descriptor)
  return nil
}

/// The folder that holds `path`, and the last part of `path`.
package func splitPath(_ path: String) -> (folder: String, name: String) {
  var path = Substring(path)
  while path.count > 1, path.hasSuffix("/") { path.removeLast() }
  guard let slash = path.lastIndex(of: "/") else { return (".", String(path)) }
  let folder = path[..<slash]
  return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
}

/// `path` with every symbolic link on the way resolved, or nil if it does not exist.
func resolvedPath(_ path: String) -> String? {
  guard let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}
