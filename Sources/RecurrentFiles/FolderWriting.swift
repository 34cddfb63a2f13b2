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

/// The new files of a folder, whole, until they are in their places.
private let newFiles = temporaryPrefix + "new"

/// A list among them, a name a line: what goes when they take their places.
private let goingList = temporaryPrefix + "going"

/// Writes a folder of files so that at any moment, a kill in between included, `readFolderFile`
/// finds all of the old or all of the new ones.
///
/// Everything happens within the folder, so it may be a mount point, the current folder of a shell,
/// or lie in a folder that cannot be written to:
///
/// 1. The files are written to the folder `.recurrent-new.tmp` in it and brought to the disk.
/// 2. One rename makes it `.recurrent-new`, where readers look first.
/// 3. Files that are to go are removed, the others move to their places, `marker` last, and
///    `.recurrent-new` is gone.
///
/// The next write ends what a killed one began: after 2. it moves the files, before it removes them.
/// Writers of one folder wait for one another. Files of other names are kept. Folders on the way to
/// `path` are created.
///
/// - Parameters:
///   - path: The folder.
///   - files: What it is to hold.
///   - large: More of it, each file one part after the other.
///   - going: Names of files that it holds no longer; folders of such names stay.
///   - marker: The name among `files` that other programs may take for the sign that all is there.
/// - Throws: ``DataError`` of kind `unwritable`; then what was at `path` is as before.
package func writeFolderAtomically(
  to path: String, files: [(name: String, bytes: [UInt8])],
  large: [(name: String, contents: FileContents)] = [], removing going: [String] = [],
  marker: String
) throws(DataError) {
  let names = files.map(\.name) + large.map(\.name)
  for name in names + going {
    require(isFileName(name), "a file's name in a folder: \(name)")
  }
  require(files.contains { $0.name == marker }, "the marker \(marker) is one of the files")
  require(
    Set(names + going).count == names.count + going.count, "names of files are unique")
  let list = going.isEmpty ? [] : [(goingList, Array(going.joined(separator: "\n").utf8))]
  for name in names {
    if case .folder? = try? fileKind(path + "/" + name) {
      throw unwritable(path + "/" + name, SystemError(EISDIR))
    }
  }
  do throws(SystemError) {
    let created = try createFolders(path)
    do throws(SystemError) {
      try replaceFiles(in: path, list + files, large, marker: marker)
    } catch {
      removeEmpty(created)
      throw error
    }
  } catch {
    throw unwritable(path, error)
  }
}

/// The bytes of the file `name` in a folder that `writeFolderAtomically` writes, the new ones of a
/// write that was cut off before they were in their places included.
///
/// - Throws: ``DataError`` as `readFile` does.
package func readFolderFile(
  _ name: String, in folder: String, limit: Int = memorySize
) throws(DataError) -> [UInt8] {
  do {
    return try readFile("\(folder)/\(newFiles)/\(name)", limit: limit)
  } catch let error where error.kind == .missingFile {
    return try readFile("\(folder)/\(name)", limit: limit)
  }
}

/// The names in the folder that is to be written, but for those of writes and runs that were cut
/// off; none if nothing is there or a run, which found it free, left its folder in it.
///
/// - Throws: ``DataError`` of kind `unwritable` if it is not a folder or cannot be looked into.
package func contentsOfDestination(_ path: String) throws(DataError) -> [String] {
  do throws(SystemError) {
    if case .folder = try fileKind(path) {
      let names = try folderContents(path)
      let isRun = names.contains(splitPath(RunFolder.path(for: path)).name)
      return isRun ? [] : names.filter { !$0.hasPrefix(temporaryPrefix) }
    }
  } catch {
    if error.isMissing { return [] }
    throw unwritable(path, error)
  }
  throw DataError(
    .unwritable, file: path, problem: "exists and is not a folder", advice: "Choose another name")
}

/// Where a result may go that cannot be written to `path`: beside it and into the folder for
/// temporary files, each under the first name of `path.2`, `path.3`, … that is free.
package func placesBeside(_ path: String) -> [String] {
  let name = splitPath(path).name
  let path = ["", ".", ".."].contains(name) ? resolvedPath(path) ?? path : path
  let (folder, lastName) = splitPath(path)
  let temporary = FileManager.default.temporaryDirectory.path
  return [path.contains("/") ? folder + "/" + lastName : path, temporary + "/" + lastName]
    .compactMap { base in
      (2..<100).map { "\(base).\($0)" }.first { (try? fileKind($0)) == nil }
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

/// Creates the folder `path` and those on the way to it; gives those that were not there, the
/// outermost first.
@discardableResult
package func createFolders(_ path: String) throws(SystemError) -> [String] {
  do throws(SystemError) {
    guard case .folder = try fileKind(path) else { throw SystemError(ENOTDIR) }
    return []
  } catch let error where error.number == ENOENT {
    let parent = splitPath(path).folder
    let created = try createFolders(parent)
    do throws(SystemError) {
      try check { mkdir(path, 0o777) }
      try synchronizeFolder(parent)
    } catch let error where error.number == EEXIST {
      return created
    } catch {
      removeEmpty(created)
      throw error
    }
    return created + [path]
  }
}

/// Removes those of the folders in which nothing is, the last first.
func removeEmpty(_ folders: [String]) {
  for folder in folders.reversed() { _ = try? check { rmdir(folder) } }
}

private func replaceFiles(
  in folder: String, _ files: [(name: String, bytes: [UInt8])],
  _ large: [(name: String, contents: FileContents)], marker: String
) throws(SystemError) {
  let descriptor = try check { open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
  defer { close(descriptor) }
  try lock(descriptor)
  let new = folder + "/" + newFiles
  let unfinished = new + ".tmp"
  try moveNewFiles(in: folder, marker: marker)
  removeAll(unfinished)
  do throws(SystemError) {
    try check { mkdir(unfinished, 0o777) }
    for (name, bytes) in files { try writeFile(unfinished + "/" + name, bytes) }
    for (name, contents) in large {
      try writeFile(unfinished + "/" + name, mode: nil, contents)
    }
    try synchronizeFolder(unfinished)
    try check { rename(unfinished, new) }
  } catch {
    removeAll(unfinished)
    throw error
  }
  try synchronizeFolder(folder)
  // What cannot be moved is read from where it is, and moved by the next write.
  try? moveNewFiles(in: folder, marker: marker)
}

private func moveNewFiles(in folder: String, marker: String) throws(SystemError) {
  let new = folder + "/" + newFiles
  guard isFolderItself(new), let names = try? folderContents(new) else { return removeAll(new) }
  // The list goes after what stands in it, so that a kill in between loses no name.
  if names.contains(goingList), let list = try? readFile(new + "/" + goingList) {
    for name in String(decoding: list, as: UTF8.self).split(separator: "\n").map(String.init)
    where isFileName(name) && !isFolderItself(folder + "/" + name) {
      _ = try? check { unlink(folder + "/" + name) }
    }
    try check { unlink(new + "/" + goingList) }
  }
  for name in names.filter({ $0 != marker && $0 != goingList }) + names.filter({ $0 == marker }) {
    try check { rename(new + "/" + name, folder + "/" + name) }
  }
  try synchronizeFolder(folder)
  try check { rmdir(new) }
}

/// Whether a folder is at `path`, and not a link that leads to one elsewhere.
func isFolderItself(_ path: String) -> Bool {
  var information = stat()
  return lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
}

/// Removes a file, a link or a folder of ours as far as possible, and says nothing if it is not
/// there.
func removeAll(_ path: String) {
  guard isFolderItself(path) else {
    _ = try? check { unlink(path) }
    return
  }
  for name in (try? folderContents(path)) ?? [] { removeAll(path + "/" + name) }
  _ = try? check { rmdir(path) }
}
