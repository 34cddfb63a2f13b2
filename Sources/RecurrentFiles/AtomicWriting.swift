#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#endif

/// Writes a file so that at any moment `path` holds either what it held before or all of `bytes`.
///
/// The bytes go to a temporary file in the same folder, are brought to the disk, and take the name
/// by one rename; then the folder is brought to the disk too. If anything fails, the temporary file
/// is removed and what was at `path` is untouched. Only a process killed on the way leaves the
/// temporary file, named `.recurrent-….tmp`, and the next to write to `path` removes it: its name
/// follows from that of the result, and whoever writes it holds a lock on it. An existing file keeps
/// its permissions, and a symbolic link keeps pointing to the file that is replaced.
///
/// Devices and pipes (`/dev/stdout`) cannot be replaced and are written as they are.
///
/// - Throws: ``DataError`` of kind `unwritable` that says what failed.
package func writeAtomically(_ bytes: [UInt8], to path: String) throws(DataError) {
  try writeAtomically(to: path) { append in bytes.withUnsafeBytes(append) }
}

/// Hands over the bytes of a file one part after the other, so that all of them need never be in
/// memory side by side.
package typealias FileContents = (_ append: (UnsafeRawBufferPointer) -> Void) -> Void

/// Writes a file of which `contents` gives one part after the other, whole or not at all; see
/// `writeAtomically(_:to:)`.
package func writeAtomically(
  to path: String, _ contents: FileContents
) throws(DataError) {
  do throws(SystemError) {
    try replaceFile(path, contents)
  } catch {
    throw unwritable(path, error)
  }
}

/// Writes text as UTF-8, whole or not at all; see `writeAtomically(_:to:)` for bytes.
package func writeAtomically(_ text: String, to path: String) throws(DataError) {
  try writeAtomically(Array(text.utf8), to: path)
}

/// The error for a path that could not be written.
package func unwritable(_ path: String, _ error: SystemError) -> DataError {
  let folder = splitPath(path).folder
  let advice: String? =
    switch error.number {
    case ENOENT:
      if case .folder? = try? fileKind(folder) {
        "Choose another folder"
      } else {
        "Create the folder \(folder) first, or choose another"
      }
    case ENOSPC, EDQUOT: "Make room, or choose a folder on another disk"
    case EACCES, EPERM, EROFS: "Choose a folder that you may write to"
    case ENOTDIR, EISDIR: "Choose another path"
    default: nil
    }
  return DataError(
    .unwritable, file: path, problem: "cannot be written: \(systemProblem(error.number))",
    advice: advice)
}

private func replaceFile(_ path: String, _ contents: FileContents) throws(SystemError) {
  guard !path.isEmpty, !path.hasSuffix("/") else { throw SystemError(EISDIR) }
  var mode: mode_t?
  do throws(SystemError) {
    switch try fileKind(path) {
    case .file(let permissions): mode = permissions
    case .folder: throw SystemError(EISDIR)
    case .special: return try writeInPlace(path, contents)
    }
  } catch let error where error.number == ENOENT {
    mode = nil
  }
  let destination = resolvedPath(path) ?? path
  let (folder, name) = splitPath(destination)
  let temporary = folder + "/" + temporaryName(for: name)
  let owner = try ownFile(temporary)
  defer { close(owner) }
  do throws(SystemError) {
    try writeFile(temporary, mode: mode, contents)
    try check { rename(temporary, destination) }
  } catch {
    _ = try? check { unlink(temporary) }
    throw error
  }
  try synchronizeFolder(folder)
}

private func writeInPlace(_ path: String, _ contents: FileContents) throws(SystemError) {
  let descriptor = try check { open(path, O_WRONLY | O_CLOEXEC) }
  defer { close(descriptor) }
  try writeAll(contents, to: descriptor)
}

/// What begins the names of files and folders that a write or a run leaves when it is cut off.
package let temporaryPrefix = ".recurrent-"

/// A name for what is to become `name`; short, however long that is.
func temporaryName(for name: String) -> String {
  temporaryPrefix + String(checksum(of: Array(name.utf8)), radix: 36) + ".tmp"
}

/// Creates the file `path` and locks it: one that a killed process left is removed, one that another
/// process holds is waited for.
///
/// - Returns: What holds the lock until it is closed.
private func ownFile(_ path: String) throws(SystemError) -> CInt {
  while true {
    do throws(SystemError) {
      if let owner = try openLocked(path, O_RDWR | O_CREAT | O_EXCL) { return owner }
    } catch let error where error.number == EEXIST {
      do throws(SystemError) {
        guard let left = try openLocked(path, O_RDONLY) else { continue }
        defer { close(left) }
        try check { unlink(path) }
      } catch let error where error.number == ENOENT {}
    }
  }
}

/// Writes the file `path`, on the disk when this returns.
func writeFile(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
  try writeFile(path, mode: nil) { append in bytes.withUnsafeBytes(append) }
}

/// Writes the file `path` of which `contents` gives one part after the other.
///
/// - Parameter mode: its permissions; nil: as usual.
func writeFile(
  _ path: String, mode: mode_t?, _ contents: FileContents
) throws(SystemError) {
  let descriptor = try check { open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o666) }
  var isOpen = true
  do throws(SystemError) {
    if let mode { try check { fchmod(descriptor, mode) } }
    try writeAll(contents, to: descriptor)
    try synchronize(descriptor)
    isOpen = false
    // Some file systems report only here that there was no room. A close is not to be repeated.
    if close(descriptor) < 0, errno != EINTR { throw SystemError(errno) }
  } catch {
    if isOpen { close(descriptor) }
    throw error
  }
}

func writeAll(_ contents: FileContents, to descriptor: CInt) throws(SystemError) {
  var failure: SystemError?
  contents { bytes in
    do throws(SystemError) {
      if failure == nil { try writeAll(bytes, to: descriptor) }
    } catch {
      failure = error
    }
  }
  if let failure { throw failure }
}

func writeAll(_ bytes: [UInt8], to descriptor: CInt) throws(SystemError) {
  try writeAll({ append in bytes.withUnsafeBytes(append) }, to: descriptor)
}

private func writeAll(
  _ bytes: UnsafeRawBufferPointer, to descriptor: CInt
) throws(SystemError) {
  var written = 0
  while written < bytes.count {
    // One call takes at most 2 GiB on some systems.
    let count = min(bytes.count - written, 1 << 30)
    written += try check { write(descriptor, bytes.baseAddress.map { $0 + written }, count) }
  }
}

/// Brings a file's bytes to the disk.
private func synchronize(_ descriptor: CInt) throws(SystemError) {
  #if canImport(Darwin)
    // On Apple systems `fsync` stops at the drive's cache. Not every file system knows the stronger
    // call.
    if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
  #endif
  try check { fsync(descriptor) }
}

/// Brings the names in a folder to the disk.
func synchronizeFolder(_ folder: String) throws(SystemError) {
  let descriptor = try check { open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
  defer { close(descriptor) }
  do throws(SystemError) {
    try check { fsync(descriptor) }
  } catch let error where [EINVAL, ENOTSUP, EBADF].contains(error.number) {
    // Some network file systems cannot do this for folders; the rename itself is whole all the
    // same.
  }
}
