import Foundation
import Recurrent
import TestSupport
import Testing

/// What can be wrong with a folder, and how it is told.
extension ModelFolderTests {
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
      let tries = isOptimized ? 2000 : 200
      for _ in 0..<tries {
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
      #expect(refused > tries / 2)
    }
  }
}
