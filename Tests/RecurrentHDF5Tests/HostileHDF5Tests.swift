#if HDF5
  import Foundation
  import Recurrent
  import RecurrentHDF5
  import TestSupport
  import Testing

  @testable import RecurrentFiles

  /// Files of Keras that somebody damaged: each gives weights or an error.
  @Suite struct HostileHDF5Tests {
    private static let folder = Fixtures.folder(of: "keras-model")

    private static let tokens: [[UInt8]] = [
      [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
      [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
      [0, 0, 0, 0, 0, 0, 0, 0x80], [0, 0, 0, 0, 0, 0, 0, 0], Array("TREE".utf8), Array("SNOD".utf8),
      Array("HEAP".utf8), Array("GCOL".utf8), [1, 0, 0, 0, 0, 0, 0, 0], [96, 0, 0, 0, 0, 0, 0, 0],
    ]

    /// Opens what is damaged; whether it was read.
    private func read(_ bytes: [UInt8], _ path: String) throws -> Bool {
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      do throws(DataError) {
        _ = try KerasWeights(hdf5: path)
        return true
      } catch {
        return false
      }
    }

    @Test func damagedFilesOfKeras2() throws {
      let bytes = try readFile(Self.folder + "/weights.h5")
      try withTemporaryFolder { folder in
        try Mutations.forEach("hdf5", count: 300) { generator in
          _ = try read(
            Mutations.damaged(bytes, tokens: Self.tokens, using: &generator), folder + "/a.h5")
        }
      }
    }

    @Test func damagedModelsOfKeras3() throws {
      // The checksums of the archive would stop all of it: what is in it is damaged, then packed.
      let archive = try ZipArchive(readFile(Self.folder + "/model.keras"), source: "model.keras")
      try withTemporaryFolder { folder in
        try Mutations.forEach("keras", count: 300) { generator in
          let isWeights = Bool.random(using: &generator)
          let entries = archive.entries.map { entry in
            let contents = Array(archive.bytes[entry.data])
            return (
              entry.name,
              entry.name == (isWeights ? "model.weights.h5" : "config.json")
                ? Mutations.damaged(contents, tokens: Self.tokens, using: &generator) : contents
            )
          }
          _ = try read(ZipArchive.encode(entries), folder + "/a.keras")
        }
      }
    }

    @Test func aShorterFileIsRefused() throws {
      let bytes = try readFile(Self.folder + "/weights.h5")
      try withTemporaryFolder { folder in
        for count in stride(from: 0, to: bytes.count - 1, by: 97) {
          let isRead = try read(Array(bytes.prefix(count)), folder + "/a.h5")
          #expect(!isRead, "\(count) bytes")
        }
      }
    }
  }
#endif
