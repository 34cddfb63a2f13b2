import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#endif

private func closeFile(_ descriptor: CInt) { close(descriptor) }

/// The folder of a training that is under way, within the folder that it will write: what must
/// survive the process lies there, and a lock that keeps a second training out and that a dead
/// process does not hold.
///
/// It is gone when the model is written (``remove()``) and, if nothing was put into it, when this
/// value is: with it go the folders that were created on the way.
package final class RunFolder: Sendable {
  /// The run folder of `output`, there or not.
  package static func path(for output: String) -> String { "\(output)/\(temporaryPrefix)run" }

  /// The folder in which the run may keep files.
  package let path: String
  private let created: [String]
  /// What holds the lock, until the folder is given up.
  private let owner: Mutex<CInt?>

  /// Creates the run folder of `output`, or takes over what a dead process left of it; its temporary
  /// files are removed.
  ///
  /// - Throws: ``DataError`` of kind `unwritable` if another training holds it or it cannot be
  ///   created.
  package init(for output: String) throws(DataError) {
    path = Self.path(for: output)
    let lock = path + "/" + Self.lockFile
    do throws(SystemError) {
      created = try createFolders(output)
      do throws(SystemError) {
        owner = Mutex(try Self.takeLock(lock, in: path))
      } catch {
        removeEmpty(created + [path])
        throw error
      }
    } catch {
      guard error.number == EWOULDBLOCK else { throw unwritable(output, error) }
      let holder = (try? readFile(lock, limit: 20)).map { String(decoding: $0, as: UTF8.self) }
      throw DataError(
        .unwritable, file: output,
        problem: "another training\(holder.map { ", process \($0)," } ?? "") is writing to it",
        advice: "Wait for it, or choose another folder")
    }
    for name in (try? folderContents(path)) ?? []
    where name.hasPrefix(temporaryPrefix) && name.hasSuffix(".tmp") {
      removeAll(path + "/" + name)
    }
  }

  deinit { close() }

  /// Gives up the lock; what the run keeps stays for the next.
  package func close() { giveUp { _ in } }

  /// Removes the folder with all that is in it and gives up the lock: the model is written.
  package func remove() {
    giveUp { path in
      for name in (try? folderContents(path)) ?? [] where name != Self.lockFile {
        removeAll(path + "/" + name)
      }
    }
  }

  private static let lockFile = "lock"

  /// The lock's file stays in its place while the lock is held, so who finds it there and free is
  /// the only one.
  private static func takeLock(_ file: String, in folder: String) throws(SystemError) -> CInt {
    // Again if another run ends at this moment and removes the folder.
    for _ in 0..<10 {
      do throws(SystemError) {
        try check { mkdir(folder, 0o777) }
      } catch let error where error.number == EEXIST {
        // A link may lead to files that are not to be removed with the run.
        guard isFolderItself(folder) else { continue }
      }
      do throws(SystemError) {
        guard let owner = try openLocked(file, O_RDWR | O_CREAT, waits: false) else { continue }
        do throws(SystemError) {
          try check { ftruncate(owner, 0) }
          try writeAll(Array("\(getpid())".utf8), to: owner)
          return owner
        } catch {
          _ = try? check { unlink(file) }
          closeFile(owner)
          throw error
        }
      } catch let error where error.number == ENOENT {}
    }
    throw SystemError(ENOTDIR)
  }

  private func giveUp(_ empty: (String) -> Void) {
    owner.withLock { owner in
      guard let descriptor = owner else { return }
      empty(path)
      _ = try? check { unlink(path + "/" + Self.lockFile) }
      removeEmpty(created + [path])
      closeFile(descriptor)
      owner = nil
    }
  }
}
