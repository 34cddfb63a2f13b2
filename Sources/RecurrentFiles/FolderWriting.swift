#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#endif

/// Writes a folder of files so that an interruption does not leave some files new and others old.
///
/// The files are written to a temporary folder beside `path` and brought to the disk. Then:
///
/// - If nothing, or an empty folder, is at `path`: one rename. Before it there is no result, after
///   it all of it.
/// - If a folder is there that holds `marker` (so it is one of ours): its other files are linked
///   into the new folder and the two change names in one step. At any moment `path` is the whole
///   old or the whole new folder. On file systems without such an exchange there are two renames; a
///   crash in the instant between them leaves both folders whole, but under temporary names beside
///   `path`.
/// - If that folder cannot be exchanged (it is the current folder, in which a shell may stand, or a
///   mount point; the folder around it may not be written to; its other files cannot be linked):
///   file by file, each atomically, `marker` last. A crash on the way can leave a mixture; a reader
///   finds out if the marker tells the other files' checksums.
///
/// A folder without `marker` is not touched. Folders on the way to `path` are created. A process
/// that is killed may leave a temporary folder named `.recurrent-….tmp`.
///
/// - Parameters:
///   - path: The folder.
///   - files: What it is to hold.
///   - marker: The name among `files` by which a folder of ours is known.
///   - canExchange: Whether to try the exchange in one step; tests say no, to see the two renames.
/// - Throws: ``DataError`` of kind `unwritable`; then what was at `path` is as before (in the third
///   case: each file is).
package func writeFolderAtomically(
  to path: String, files: [(name: String, bytes: [UInt8])], marker: String,
  canExchange: Bool = true
) throws(DataError) {
  for (name, _) in files { precondition(isFileName(name), "a file's name in a folder: \(name)") }
  precondition(files.contains { $0.name == marker }, "the marker \(marker) is one of the files")
  precondition(Set(files.map(\.name)).count == files.count, "names of files are unique")
  let isOccupied = try checkFolderDestination(path, marker: marker)
  do throws(SystemError) {
    try createFolders(splitPath(path).folder)
    let destination = resolvedPath(path) ?? path
    let parent = splitPath(destination).folder
    let temporary = temporaryPath(in: parent)
    guard try canBeRenamed(destination) else {
      return try replaceFiles(in: destination, files, marker: marker)
    }
    try check { mkdir(temporary, 0o777) }
    do throws(SystemError) {
      for (name, bytes) in files { try createFile(temporary + "/" + name, bytes) }
      if isOccupied, !linkContents(of: destination, into: temporary) {
        removeFolder(temporary)
        return try replaceFiles(in: destination, files, marker: marker)
      }
      try synchronizeFolder(temporary)
      try put(temporary, at: destination, isOccupied: isOccupied, canExchange: canExchange)
    } catch {
      removeFolder(temporary)
      throw error
    }
    try synchronizeFolder(parent)
  } catch {
    throw unwritable(path, error)
  }
}

/// Checks that a folder can be written to `path`: nothing is there, or an empty folder, or one that
/// holds `marker`.
///
/// - Returns: Whether there is a folder with files in it.
@discardableResult
package func checkFolderDestination(_ path: String, marker: String) throws(DataError) -> Bool {
  var names: [String]?
  do throws(SystemError) {
    if case .folder = try fileKind(path) { names = try folderContents(path) }
  } catch {
    if error.number == ENOENT { return false }
    throw unwritable(path, error)
  }
  guard let names else {
    throw DataError(
      .unwritable, file: path, problem: "exists and is not a folder", advice: "Choose another name")
  }
  guard names.isEmpty || names.contains(marker) else {
    throw DataError(
      .unwritable, file: path, problem: "exists and is not a model folder: it holds no \(marker)",
      advice: "Choose another folder, or empty this one")
  }
  return !names.isEmpty
}

/// Checks that a folder or file could be created at `path`, by creating a folder where it would be
/// and removing it.
package func checkFolderCanBeCreated(_ path: String) throws(DataError) {
  do throws(SystemError) {
    var folder = path
    while try !exists(folder) { folder = splitPath(folder).folder }
    let probe = temporaryPath(in: folder)
    try check { mkdir(probe, 0o777) }
    rmdir(probe)
  } catch {
    throw unwritable(path, error)
  }
}

private func exists(_ path: String) throws(SystemError) -> Bool {
  do throws(SystemError) {
    _ = try fileKind(path)
    return true
  } catch let error where error.number == ENOENT {
    return false
  }
}

/// Whether `name` names a file within a folder and nothing else.
package func isFileName(_ name: String) -> Bool {
  !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(UInt8(ascii: "/"))
    && !name.utf8.contains(0)
}

/// The names in a folder, sorted.
package func folderContents(_ path: String) throws(SystemError) -> [String] {
  guard let folder = opendir(path) else { throw SystemError(errno) }
  defer { closedir(folder) }
  var names: [String] = []
  while let entry = readdir(folder) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted()
}

// MARK: - Steps

/// Creates the folder `path` and those on the way to it, where they are not there.
package func createFolders(_ path: String) throws(SystemError) {
  do throws(SystemError) {
    guard case .folder = try fileKind(path) else { throw SystemError(ENOTDIR) }
  } catch let error where error.number == ENOENT {
    try createFolders(splitPath(path).folder)
    if mkdir(path, 0o777) != 0, errno != EEXIST { throw SystemError(errno) }
  }
}

/// Whether what is at `path` may be exchanged: not the current folder, not a mount point, and the
/// folder around it is ours.
private func canBeRenamed(_ path: String) throws(SystemError) -> Bool {
  var folder = stat()
  var parent = stat()
  var current = stat()
  guard stat(path, &folder) == 0 else { return true }
  try check { stat(splitPath(path).folder, &parent) }
  try check { stat(".", &current) }
  let isCurrent = folder.st_dev == current.st_dev && folder.st_ino == current.st_ino
  return !isCurrent && folder.st_dev == parent.st_dev && access(splitPath(path).folder, W_OK) == 0
}

private func replaceFiles(
  in folder: String, _ files: [(name: String, bytes: [UInt8])], marker: String
) throws(SystemError) {
  for (name, bytes) in files where name != marker { try replaceFile(folder + "/" + name, bytes) }
  for (name, bytes) in files where name == marker { try replaceFile(folder + "/" + name, bytes) }
}

/// Makes what is in `folder` and not yet in `other` be there too, without copying bytes; whether
/// that succeeded.
private func linkContents(of folder: String, into other: String) -> Bool {
  guard let names = try? folderContents(folder) else { return false }
  return names.allSatisfy { name in
    let (source, target) = (folder + "/" + name, other + "/" + name)
    var information = stat()
    if lstat(target, &information) == 0 { return true }
    guard lstat(source, &information) == 0 else { return false }
    if information.st_mode & S_IFMT == S_IFDIR {
      return mkdir(target, information.st_mode & 0o777) == 0
        && linkContents(of: source, into: target)
    }
    return linkat(AT_FDCWD, source, AT_FDCWD, target, 0) == 0
  }
}

private func put(
  _ new: String, at path: String, isOccupied: Bool, canExchange: Bool
) throws(SystemError) {
  guard isOccupied else {
    // A rename also replaces an empty folder.
    try check { rename(new, path) }
    return
  }
  if canExchange, exchange(new, path) {
    removeFolder(new)
    return
  }
  let old = temporaryPath(in: splitPath(path).folder)
  try check { rename(path, old) }
  do throws(SystemError) {
    try check { rename(new, path) }
  } catch {
    rename(old, path)
    throw error
  }
  removeFolder(old)
}

/// Lets two folders change names in one step; false if the system or file system cannot.
private func exchange(_ first: String, _ second: String) -> Bool {
  #if canImport(Darwin)
    return renamex_np(first, second, UInt32(RENAME_SWAP)) == 0
  #elseif canImport(Glibc)
    // The C library has `renameat2`, but its headers show it to GNU C only.
    typealias RenameAt2 =
      @convention(c) (CInt, UnsafePointer<CChar>, CInt, UnsafePointer<CChar>, CUnsignedInt) -> CInt
    guard let symbol = dlsym(nil, "renameat2") else { return false }
    let exchangeFlag: CUnsignedInt = 2
    let rename = unsafeBitCast(symbol, to: RenameAt2.self)
    return rename(AT_FDCWD, first, AT_FDCWD, second, exchangeFlag) == 0
  #else
    return false
  #endif
}

/// Removes a folder of ours as far as possible: it runs after the result is in place, or while an
/// error is on its way.
private func removeFolder(_ path: String) {
  for name in (try? folderContents(path)) ?? [] {
    let entry = path + "/" + name
    if unlink(entry) != 0 { removeFolder(entry) }
  }
  rmdir(path)
}
