import Foundation
import Recurrent
import Synchronization
import TestSupport
import Testing

@Suite struct ModelFolderTests {
  struct Configuration: Codable, Equatable {
    var window = 100
    var seed = UInt64.max - 1
    var mean = 0.1 + 0.2
    var scales: [Double] = [
      0x1p-1065, -0.0, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 1 / 3, 100,
    ]
    var rate: Float = 0.1
    var column = "Close / \u{E9}\n\""
    var horizon: Int?
  }

  static let tensors: [(name: String, tensor: StoredTensor)] = [
    ("0.input_weights", StoredTensor(shape: [2, 3], values: [1, 2, 3, 4, 5, 6])),
    ("1.bias", StoredTensor(shape: [1], values: [.pi])),
  ]

  func write(
    _ path: String, task: String = "forecaster", configuration: Configuration = Configuration()
  ) throws {
    try ModelFolder.write(
      to: path, task: task, configuration: configuration, tensors: Self.tensors,
      integers: [("step", StoredIntegers(shape: [], values: [7]))],
      extraFiles: [("vocabulary.txt", Array("a\nb\n".utf8))])
  }

  func read(_ path: String) throws(DataError) -> ModelFolder.Contents<Configuration> {
    try ModelFolder.read(path, expecting: "forecaster")
  }

  func failure(_ path: String) -> DataError? {
    #expect(throws: DataError.self) { try read(path) }
  }

  /// Replaces text in a file of a model folder.
  func edit(
    _ path: String, _ text: String, _ replacement: String, isSealed: Bool = true
  ) throws {
    let old = try String(contentsOfFile: path, encoding: .utf8)
    #expect(old.contains(text))
    let new = Array(old.replacingOccurrences(of: text, with: replacement).utf8)
    try writeAtomically(isSealed ? ModelFolder.sealed(new) : new, to: path)
  }

  @Test func whatIsWrittenIsReadBack() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try ModelFolder.checkDestination(path)
      try write(path)
      try ModelFolder.checkDestination(path)
      let model = try read(path)
      #expect(model.configuration == Configuration())
      #expect(
        model.configuration.scales.map(\.bitPattern) == Configuration().scales.map(\.bitPattern))
      #expect(try model.weights.floats("0.input_weights") == Self.tensors[0].tensor)
      #expect(try model.weights.integers("step").values == [7])
      #expect(try model.extraFile("vocabulary.txt") == Array("a\nb\n".utf8))
      #expect(throws: DataError.self) { try model.extraFile("other.txt") }
      #expect(model.summary.task == "forecaster")
      #expect(try ModelFolder.peekTask(path + "/") == "forecaster")
      #expect(try ModelFolder.peek(path) == model.summary)
      #expect(model.summary.libraryVersion == LibraryVersion.current)
      #expect(Set(model.summary.files.keys) == ["model.safetensors", "vocabulary.txt"])
    }
  }

  @Test func randomDoublesKeepTheirBits() throws {
    var generator = SeededGenerator(seed: 5)
    var values: [Double] = []
    while values.count < 5000 {
      let value = Double(bitPattern: generator.next())
      if value.isFinite { values.append(value) }
    }
    let read = try decodeJSON([Double].self, from: encodeJSON(values, file: "x"), file: "x")
    #expect(read.map(\.bitPattern) == values.map(\.bitPattern))
    let floats = values.map { Float($0.significand) }
    #expect(try decodeJSON([Float].self, from: encodeJSON(floats, file: "x"), file: "x") == floats)
  }

  @Test func writingIsDeterministicAndReadable() throws {
    try withTemporaryFolder { folder in
      try write(folder + "/one")
      try write(folder + "/two")
      for name in ["config.json", "model.safetensors", "vocabulary.txt"] {
        #expect(try readFile("\(folder)/one/\(name)") == readFile("\(folder)/two/\(name)"))
      }
      let text = try String(contentsOfFile: folder + "/one/config.json", encoding: .utf8)
      let members = [
        "checksum", "configuration", "column", "files", "formatVersion", "libraryVersion", "task",
      ]
      let places = members.compactMap { text.range(of: "\"\($0)\" : ")?.lowerBound }
      #expect(places.count == members.count && places == places.sorted())
      #expect(text.contains("Close / é") && text.hasSuffix("}\n"))
    }
  }

  @Test func anExistingModelIsReplaced() throws {
    try withTemporaryFolder { folder in
      try write(folder + "/model")
      var other = Configuration()
      other.window = 7
      try write(folder + "/model", configuration: other)
      #expect(try read(folder + "/model").configuration.window == 7)
      try writeAtomically("x", to: folder + "/file")
      #expect(throws: DataError.self) { try write(folder) }
      #expect(throws: DataError.self) { try ModelFolder.checkDestination(folder) }
      #expect(throws: DataError.self) { try ModelFolder.checkDestination(folder + "/file") }
      #expect(throws: DataError.self) { try ModelFolder.checkDestination(folder + "/file/x") }
      #expect(try folderContents(folder) == ["file", "model"])
    }
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func numbersThatAreNotFiniteAreNotWritten(_ value: Double) throws {
    try withTemporaryFolder { folder in
      var configuration = Configuration()
      configuration.scales[2] = value
      let error = #expect(throws: DataError.self) {
        try write(folder + "/model", configuration: configuration)
      }
      #expect(error?.place == "configuration.scales[2]")
      #expect(error?.problem == "found \(value), which JSON cannot hold")
      let left = try folderContents(folder)
      #expect(left == [])
    }
  }

  /// A model that is served while it is trained again: every reading finds one whole version.
  @Test func aModelIsReadWhileItIsReplaced() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      func write(_ version: Int) throws {
        try ModelFolder.write(
          to: path, task: "counter", configuration: ["version": version],
          tensors: [("w", StoredTensor(shape: [2], values: [Float(version), 1]))])
      }
      try write(0)
      let seen = Mutex((readings: 0, problems: [String](), isOver: false))
      let reader = DispatchGroup()
      DispatchQueue(label: "reader").async(group: reader) {
        while !seen.withLock({ $0.isOver }) {
          var problem: String?
          do {
            let model = try ModelFolder.read(path, expecting: "counter", as: [String: Int].self)
            let weight = try model.weights.floats("w").values[0]
            if Float(model.configuration["version"] ?? -1) != weight { problem = "a mixture" }
          } catch {
            problem = "\(error)"
          }
          seen.withLock {
            $0.readings += 1
            if let problem { $0.problems.append(problem) }
          }
        }
      }
      while seen.withLock({ $0.readings }) == 0 { Thread.sleep(forTimeInterval: 0.001) }
      for version in 1...50 { try write(version) }
      seen.withLock { $0.isOver = true }
      reader.wait()
      #expect(seen.withLock { $0.readings } > 10)
      #expect(seen.withLock { $0.problems } == [])
    }
  }

  #if os(Linux) || os(macOS)
    /// A model is killed at each system call of its write: the old one is read afterwards, or the
    /// new one. The switch that stands in for the kill holds for a process.
    @Test func afterAKillAModelIsRead() async throws {
      await #expect(processExitsWith: .success) {
        try withTemporaryFolder { folder in
          #expect(FileManager.default.changeCurrentDirectoryPath(folder))
          var (calls, seen, isKilled) = (0, Set<Int>(), true)
          func write(_ version: Int) throws {
            try ModelFolder.write(
              to: ".", task: "counter", configuration: ["version": version],
              tensors: [("w", StoredTensor(shape: [1], values: [Float(version)]))])
          }
          while isKilled {
            try write(1)
            systemCallsUntilKill.store(calls, ordering: .relaxed)
            try? write(2)
            isKilled = systemCallsUntilKill.exchange(.max, ordering: .relaxed) < 0
            let model = try ModelFolder.read(".", expecting: "counter", as: [String: Int].self)
            let version = model.configuration["version"] ?? 0
            #expect(try model.weights.floats("w").values == [Float(version)])
            #expect(version == 2 || isKilled)
            seen.insert(version)
            calls += 1
          }
          #expect(seen == [1, 2] && calls > 25)
          #expect(FileManager.default.changeCurrentDirectoryPath("/"))
        }
      }
    }
  #endif

  // MARK: What is lost, and what is not

  /// Only a folder whose config.json says that it is a model's is written to.
  @Test(arguments: [
    (#"{"my": "app"}"#, #"config.json: expected a member "task"; it holds "my""#),
    (
      #"{"task": 1, "formatVersion": 1, "libraryVersion": "2", "files": {}}"#,
      "config.json: task: expected a value of type String; it holds "
        + #""files", "formatVersion", "libraryVersion", "task""#
    ),
    ("[1]", "config.json: expected a JSON object"),
    ("my=app", "config.json:1: column 1: found 'm', expected a value"), ("", "config.json:1: "),
  ])
  func foldersOfOthersAreNotTouched(_ configuration: String, _ problem: String) throws {
    try withTemporaryFolder { folder in
      for name in ["model.safetensors", "history.csv"] {
        try writeAtomically("mine", to: folder + "/" + name)
      }
      let empty = try dataError { try write(folder) }
      #expect(empty.problem == "exists and is not a model folder: it holds no config.json")
      try writeAtomically(configuration, to: folder + "/config.json")
      for body in [{ try write(folder) }, { try ModelFolder.checkDestination(folder) }] {
        let error = try dataError { try body() }
        #expect(error.kind == .unwritable && error.file == folder)
        #expect(
          error.problem.hasPrefix("exists and is not a model folder: " + problem),
          "\(error.problem)")
      }
      for name in ["model.safetensors", "history.csv"] {
        #expect(try readFile(folder + "/" + name) == Array("mine".utf8))
      }
      #expect(try folderContents(folder) == ["config.json", "history.csv", "model.safetensors"])
    }
  }

  /// What a killed run left in an empty folder is no other's.
  @Test func leftoversAreOurs() throws {
    try withTemporaryFolder { folder in
      try writeFolderAtomically(
        to: folder + "/.recurrent-new.tmp", files: [("a", [1])], marker: "a")
      try ModelFolder.checkDestination(folder)
      let run = try ModelFolder.startRun(folder)
      // A log that a shell opened for this run, say.
      try writeAtomically("log", to: folder + "/log")
      try write(folder)
      run.remove()
      #expect(
        try folderContents(folder) == ["config.json", "log", "model.safetensors", "vocabulary.txt"])
      _ = try read(folder)
    }
  }

  @Test func aModelThatCannotBeWrittenIsKeptElsewhere() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      var places: [String] = []
      try ModelFolder.saveSomewhere(path) { places.append($0) }
      #expect(places == [path])
      // The first place that is free and can be written to.
      try writeAtomically("x", to: path + ".2")
      let full = DataError(.unwritable, file: path, problem: "no space left", advice: "Make room")
      for fits in [path + ".3", FileManager.default.temporaryDirectory.path + "/model."] {
        places = []
        let error = try dataError {
          try ModelFolder.saveSomewhere(path) { place throws(DataError) in
            places.append(place)
            if !place.hasPrefix(fits) { throw full }
          }
        }
        #expect(error.problem == full.problem)
        let kept = try #require(places.last)
        #expect(error.advice == "The model was written to \(kept) instead")
        #expect(kept.hasPrefix(fits))
      }
      places = []
      let error = try dataError {
        try ModelFolder.saveSomewhere(path) { place throws(DataError) in
          places.append(place)
          throw full
        }
      }
      #expect(error == full && places.count == 3)
      #expect(try folderContents(folder) == ["model.2"])
    }
  }
}
