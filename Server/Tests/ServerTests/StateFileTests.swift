#if StateFile
  import Foundation
  import InferenceProtocol
  import Synchronization
  import HummingbirdTesting
  import Testing

  @testable import ModelServing

  @Suite struct StateFileTests {
    private let folder = NSTemporaryDirectory() + "recurrent-states-\(UUID().uuidString)"

    init() throws {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func state(_ steps: Int) -> SavedState {
      let tensor = WireTensor("h", floats: [Float(steps), 0.5], shape: [1, 2])
      let place = WireTensor("place", .int64, [1], .integers([Int64(steps)]))
      return SavedState(steps: steps, tensors: [("h", tensor), ("place", place)])
    }

    /// The moment at which a state is said to be written, it is in the files.
    @Test func whatIsAcknowledgedIsWritten() async throws {
      let file = try StateFile(folder + "/states")
      for steps in 1...20 {
        let copy = folder + "/copy\(steps)"
        let copied = Mutex(Result<Void, any Error>?.none)
        let written = file.write(state(steps), model: "m", id: .number(7))
        await withCheckedContinuation { continuation in
          written.whenDone { error in
            copied.withLock { copied in
              copied = Result {
                #expect(error == nil)
                for ending in ["", "-wal"] {
                  try FileManager.default.copyItem(
                    atPath: folder + "/states" + ending, toPath: copy + ending)
                }
              }
            }
            continuation.resume()
          }
        }
        try copied.withLock { try $0?.get() }
        let kept = try StateFile(copy).states(of: "m")
        #expect(kept.map(\.id) == [.number(7)] && kept.first?.state.steps == steps)
        let tensors = kept.first?.state.tensors.sorted { $0.name < $1.name }.map(\.tensor)
        #expect(tensors == state(steps).tensors.map(\.tensor))
      }
    }

    /// The latest state of each stream, by model; none of those that ended.
    @Test func theLatestIsKept() async throws {
      let path = folder + "/states"
      do {
        let file = try StateFile(path)
        var all: [WrittenState] = []
        for steps in 1...200 {
          all.append(file.write(state(steps), model: "a", id: .text("s\(steps % 10)")))
        }
        all.append(file.write(state(1), model: "b", id: .number(1)))
        all.append(file.write(nil, model: "a", id: .text("s3")))
        all.append(file.write(state(1), model: "a", id: .text("s4")))
        all.append(file.write(nil, model: "a", id: .text("s4")))
        all.append(file.write(state(9), model: "a", id: .text("s4")))
        for written in all { try await written.wait() }
      }
      // The writer may hold the file for a moment longer.
      var again = try? StateFile(path)
      for _ in 0..<200 where again == nil {
        try await Task.sleep(for: .milliseconds(5))
        again = try? StateFile(path)
      }
      let kept = try #require(again).states(of: "a")
      let steps = Dictionary(uniqueKeysWithValues: kept.map { ("\($0.id)", $0.state.steps) })
      #expect(
        steps == [
          "s0": 200, "s1": 191, "s2": 192, "s4": 9, "s5": 195, "s6": 196, "s7": 197, "s8": 198,
          "s9": 199,
        ])
    }

    /// A file of something else is refused, and left as it is.
    @Test func otherFilesAreRefused() throws {
      let path = folder + "/other"
      let bytes = Data((0..<5000).map { UInt8($0 % 251) })
      try bytes.write(to: URL(filePath: path))
      #expect(throws: (any Error).self) { try StateFile(path) }
      #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
    }

    /// A stream whose state cannot be written ends: nobody goes on from a state that a restart would
    /// not have.
    @Test func streamsWhoseStateIsLostEnd() async throws {
      struct Broken: StateStore {
        func write(_ state: SavedState?, model: String, id: SequenceID) -> WrittenState {
          let written = WrittenState()
          written.finish(RequestError(.failed, "the disk is full"))
          return written
        }
        func states(of model: String) -> [(id: SequenceID, state: SavedState)] { [] }
      }
      let server = try testServer(TestModels.graphFolder(), store: Broken())
      try await server.application().test(.router) { client in
        let first = try await client.step(1, [0, 0], start: true)
        #expect(first.status == 500 && first.error == "the disk is full")
        for _ in 0..<200 where server.repository.streamCount.now > 0 {
          try await Task.sleep(for: .milliseconds(5))
        }
        let next = try await client.step(1, [0, 0])
        #expect(next.status == 410 && next.error?.contains("could not be written") ?? false)
      }
    }
  }
#endif
