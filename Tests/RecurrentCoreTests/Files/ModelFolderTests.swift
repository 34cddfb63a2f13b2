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
    ("[1]", "config.json: expected a value of type "),
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

  // MARK: What can be wrong

  @Test func otherThingsAreNoModelFolders() throws {
    try withTemporaryFolder { folder in
      #expect(failure(folder + "/none")?.kind == .missingFile)
      let empty = failure(folder)
      #expect(empty?.kind == .missingFile)
      #expect(empty?.problem == "is not a model folder: it holds no config.json")
      try write(folder + "/model")
      #expect(
        failure(folder + "/model/config.json")?.problem == "found a file, expected a model folder")
      #expect(failure(folder + "/model/config.json/x")?.kind == .invalid)
    }
  }

  @Test func anotherTaskIsNamed() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try write(path, task: "text-classifier")
      #expect(
        failure(path)?.description
          == "\(path): is a text-classifier model, expected a forecaster model. "
          + "Use it with the commands for text-classifier models; `recurrent inspect \(path)` shows what it holds."
      )
    }
  }

  @Test func newerVersionsAreRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      for version in ["3", "0", "-1"] {
        try write(path)
        try edit(path + "/config.json", "\"formatVersion\" : 2", "\"formatVersion\" : \(version)")
        #expect(failure(path)?.problem == "found \(version), expected 2 or less")
        #expect(throws: DataError.self) { try ModelFolder.peekTask(path) }
      }
    }
  }

  @Test func alteredFilesAreNoticed() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      for name in ["model.safetensors", "vocabulary.txt"] {
        try write(path)
        var bytes = try readFile(path + "/" + name)
        bytes[bytes.count - 1] ^= 1
        try writeAtomically(bytes, to: path + "/" + name)
        #expect(failure(path)?.file == path + "/" + name)
        #expect(failure(path)?.problem.hasPrefix("was altered or damaged") == true)
        try FileManager.default.removeItem(atPath: path + "/" + name)
        #expect(failure(path)?.kind == .missingFile)
        #expect(failure(path)?.file == path + "/" + name)
      }
    }
  }

  /// Whatever is changed by hand, a blank or the checksum itself included.
  @Test func editedConfigurationsAreNoticed() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      for (text, replacement, message) in [
        ("\"window\" : 100", "\"window\" : 101", "was altered or damaged: found checksum fnv1a64:"),
        ("\"window\" : 100", "\"window\" :  100", "was altered or damaged"),
        ("fnv1a64:", "fnv1a64:0", "was altered or damaged"),
        ("\"formatVersion\" : 2", "\"formatVersion\" : 1", "was altered or damaged"),
        ("\"checksum\"", "\"chucksum\"", "expected a member \"checksum\""),
      ] {
        try write(path)
        try edit(path + "/config.json", text, replacement, isSealed: false)
        let problem = failure(path)?.problem ?? ""
        #expect(problem.hasPrefix(message), "\(replacement): \(problem)")
      }
    }
  }

  /// The first version of the format told no checksum of its own.
  @Test func foldersOfTheFirstVersionAreRead() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try write(path)
      let text = try String(contentsOfFile: path + "/config.json", encoding: .utf8)
      let first = text.replacing("\"formatVersion\" : 2", with: "\"formatVersion\" : 1")
        .replacing(/\ *"checksum" : "fnv1a64:[0-9a-f]{16}",\n/, with: "")
      #expect(first.count == text.count - 43)
      try writeAtomically(first, to: path + "/config.json")
      #expect(try read(path).configuration == Configuration())
      #expect(try ModelFolder.peek(path).formatVersion == 1)
      try write(path)
      #expect(try ModelFolder.peek(path).formatVersion == 2)
    }
  }

  @Test func brokenConfigurationsTellThePlace() throws {
    let cases: [(old: String, new: String, message: String)] = [
      ("\"task\" : ", "task : ", ":24: column 3: found 't', expected a name in quotes."),
      ("\"window\" : 100", "\"window\" : 100,", "expected a name in quotes"),
      (
        "\"window\" : 100", "\"window\" : \"x\"",
        ": configuration.window: expected a value of type Int."
      ),
      ("\"window\" : 100", "\"windows\" : 100", ": configuration: expected a member \"window\"."),
      (
        "\"window\" : 100", "\"window\" : null",
        ": configuration.window: found null, expected a value of type Int."
      ),
      ("\"window\" : 100", "\"window\" : 1.5", "a fraction where a whole number belongs"),
      (
        "\"window\" : 100", "\"window\" : 1, \"window\" : 2",
        "found two members named \"window\" in one object"
      ),
      ("\"window\" : 100", "\"window\" : 0100", "a number that begins with 0"),
      ("\"window\" : 100", "\"window\" : NaN", "found 'N', expected a value"),
      ("\"task\" : \"forecaster\"", "\"task\" : 1", ": task: expected a value of type String."),
      ("\"formatVersion\" : 2,", "", ": expected a member \"formatVersion\"."),
      ("\"model.safetensors\"", "\"../model.safetensors\"", ": files: "),
      (
        "\"vocabulary.txt\"", "\"../vocabulary.txt\"",
        ": files: found \"../vocabulary.txt\", expected the name of a file"
      ),
    ]
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      for (old, new, message) in cases {
        try? FileManager.default.removeItem(atPath: path)
        try write(path)
        try edit(path + "/config.json", old, new)
        let text = failure(path)?.description ?? ""
        #expect(text.hasPrefix(path + "/config.json"), "\(new): \(text)")
        #expect(text.contains(message), "\(new): \(text)")
      }
    }
  }

  @Test func mutatedConfigurationsNeverCrash() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try write(path)
      let sound = try readFile(path + "/config.json")
      var generator = SeededGenerator(seed: 3)
      var refused = 0
      for _ in 0..<2000 {
        var bytes = sound
        let place = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert("[{\"-e9,".utf8.randomElement(using: &generator)!, at: place)
        default: bytes.removeLast(bytes.count - place)
        }
        // Half of them with a checksum that fits.
        if refused % 2 == 0 { bytes = ModelFolder.sealed(bytes) }
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/config.json"))
        do {
          _ = try read(path)
        } catch is DataError {
          refused += 1
        }
      }
      #expect(refused > 1000)
    }
  }

  // MARK: Strict JSON

  @Test(arguments: [
    "0", "-0", "1e5", "-1.25E-3", "\"\\ud83d\\ude00 \\u00e9\"", "[]", "{}",
    " [1 , {\"a\":[]}]\t\r\n",
    "true", "null", String(repeating: "[", count: 64) + String(repeating: "]", count: 64),
  ])
  func soundJSONPasses(_ text: String) throws {
    var scanner = JSONScanner(Array(text.utf8))
    try scanner.validate()
    #expect(throws: Never.self) {
      try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }
  }

  @Test(arguments: [
    "", " ", "01", "-", "1.", ".5", "1e", "+1", "tru", "nulll", "[1 2]", "[,]", "{\"a\"}", "{a:1}",
    "{\"a\":1,\"a\":2}", "\"", "\"\\u12G4\"", "\"\\ud800\\u0041\"", "'a'", "[1]]", "// x\n1",
    String(repeating: "[", count: 66) + String(repeating: "]", count: 66),
    String(repeating: "[", count: 200_000), String(repeating: "{\"a\":", count: 200_000),
  ])
  func unsoundJSONIsRefused(_ text: String) {
    var scanner = JSONScanner(Array(text.utf8))
    #expect(throws: JSONScanner.Failure.self) { try scanner.validate() }
  }

  @Test func stringsAndPlacesAreRead() throws {
    var scanner = JSONScanner(Array("\n \"a\\n\\/\\\"\\ud83d\\ude00é\" 12".utf8))
    #expect(try scanner.string() == "a\n/\"\u{1F600}é")
    #expect(try scanner.naturalNumber() == 12)
    try scanner.expectEnd()
    #expect(scanner.lineAndColumn(of: 0) == (1, 1))
    #expect(scanner.lineAndColumn(of: 2) == (2, 2))
  }
}
