import Foundation
import Recurrent
import TestSupport
import Testing

@Suite struct SupportTests {
  // MARK: Closeness

  @Test func worstDifferenceIsFoundAndPlaced() throws {
    let expected: [Float] = [1, -4, 0, 2, 3, 1]
    var found = expected
    found[1] = -4.25
    found[5] = 1.5
    let worst = try #require(worstDifference(found: found, expected: expected, shape: [2, 3]))
    #expect(worst.index == [1, 2])
    #expect(worst.position == 5)
    #expect(worst.error == 0.5 / 4)
    #expect((worst.expected, worst.found) == (1, 1.5))
  }

  @Test func notFiniteNumbersAgreeWithThemselvesOnly() throws {
    func error(_ found: Float, _ expected: Float) throws -> Double {
      try #require(worstDifference(found: [1, found], expected: [1, expected], shape: [2])).error
    }
    #expect(try error(.nan, .nan) == 0)
    #expect(try error(.infinity, .infinity) == 0)
    #expect(try error(.nan, 1) == .infinity)
    #expect(try error(1, .nan) == .infinity)
    #expect(try error(.infinity, -.infinity) == .infinity)
    #expect(try error(1, .infinity) == .infinity)
  }

  @Test func closenessReportsShapesAndValues() {
    #expect(
      expectClose(
        [1, 2, 3, 4], shape: [2, 2], to: [1, 2, 3, 4.001], shape: [2, 2], within: 1e-3))
    withKnownIssue {
      expectClose([1.0, 2], shape: [2], to: [1, 2], shape: [2, 1], within: 1, "shape")
    } matching: {
      $0.description.contains("shape: found shape [2], expected [2, 1]")
    }
    withKnownIssue {
      expectClose([1.0, 2.5], shape: [1, 2], to: [1, 2], shape: [1, 2], within: 0.2, "values")
    } matching: {
      $0.description.contains("at [0, 1]: expected 2.0, found 2.5, error 0.25")
    }
    withKnownIssue {
      expectClose([Double.nan], shape: [1], to: [1], shape: [1], within: 1e9)
    }
  }

  // MARK: Finite differences, random numbers

  @Test func finiteDifferencesFindAGradient() {
    let point = [0.7, -130.0, 1e-3]
    let gradient = finiteDifferenceGradient(at: point) { x in
      sin(x[0]) * x[1] + x[2] * x[2] * x[2] + exp(x[0] * x[2])
    }
    let expected = [
      cos(0.7) * -130 + 1e-3 * exp(0.7e-3), sin(0.7), 3e-6 + 0.7 * exp(0.7e-3),
    ]
    expectClose(gradient, shape: [3], to: expected, shape: [3], within: 1e-11)
  }

  @Test func seededGeneratorIsTheKnownOne() {
    // The first numbers of SplitMix64 from seed 1234567, as its published reference program prints
    // them.
    var generator = SeededGenerator(seed: 1_234_567)
    #expect(generator.next() == 6_457_827_717_110_365_317)
    #expect(generator.next() == 3_203_168_211_198_807_973)
    #expect(generator.next() == 9_817_491_932_198_370_423)
  }

  // MARK: Fixtures

  @Test(.enabled(if: Fixtures.folder(of: "pytorch").hasPrefix(Fixtures.folder)))
  func fixturesAreThereAndWhole() throws {
    let cases = try Fixtures.cases(of: "pytorch")
    let listed = try JSONDecoder().decode(
      [JSONValue].self,
      from: Data(contentsOf: URL(fileURLWithPath: Fixtures.folder(of: "cases") + "/pytorch.json")))
    #expect(Set(cases.map(\.name)) == Set(listed.compactMap { $0["name"]?.string }))
    for item in cases {
      #expect(item.config["name"]?.string == item.name)
      #expect(!item.file.names.isEmpty)
    }
    let lstm = try Fixtures.load("lstm_lengths", of: "pytorch")
    let batch = try #require(lstm.config["batch"]?.int)
    #expect(try lstm.floats("input").shape == [batch, 7, 4])
    #expect(
      try lstm.file.integers("lengths").values.map { .number(Double($0)) }
        == #require(lstm.config["lengths"]?.array))
    #expect(try lstm.tensors("weight.")["weight_hh_l0"]?.shape == [24, 6])
    #expect(throws: DataError.self) { try Fixtures.cases(of: "pytorch") { _ in false } }
    #expect(throws: DataError.self) { try Fixtures.names(of: "pytorch", prefix: "no such") }
  }

  // MARK: Commands

  @Test func commandIsFound() throws {
    let path = try CommandRunner.commandPath()
    #expect(path.hasSuffix("/recurrent"))
  }

  @Test func commandsRunToTheirEnd() async throws {
    // More than any pipe holds, on both outputs.
    let script = "cat; head -c 300000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero >&2; exit 7"
    let result = try await CommandRunner.run("/bin/sh", ["-c", script], input: Data("in ".utf8))
    #expect(result.exitCode == 7)
    #expect(result.output == "in " + String(repeating: "x", count: 300_000))
    #expect(result.errorBytes.count == 300_000)
    try await withTemporaryFolder { folder in
      let result = try await CommandRunner.run(
        "/bin/sh", ["-c", "pwd -P; echo $GREETING"], environment: ["GREETING": "hello"],
        workingDirectory: folder)
      #expect(result.output.hasSuffix(folder.split(separator: "/").last! + "\nhello\n"))
    }
    let killed = try await CommandRunner.run("/bin/sh", ["-c", "kill -9 $$"])
    #expect(killed.exitCode == 128 + 9)
  }

  @Test func commandsThatHangAreKilled() async throws {
    let clock = ContinuousClock()
    let start = clock.now
    await #expect(throws: CommandFailure.self) {
      try await CommandRunner.run("/bin/sh", ["-c", "echo begun; exec sleep 6000"], timeout: 0.3)
    }
    #expect(clock.now - start < .seconds(600))  // not after the 6000 that it wants
    await #expect(throws: (any Error).self) {
      try await CommandRunner.run("/nowhere/no-such-program", [])
    }
  }

  // MARK: Folders, data

  @Test func temporaryFoldersAreRemoved() async throws {
    let path = try withTemporaryFolder { path in
      try Data([1]).write(to: URL(fileURLWithPath: path + "/file"))
      return path
    }
    #expect(!FileManager.default.fileExists(atPath: path))
    let other = try await withTemporaryFolder { path async in path }
    #expect(other != path)
    #expect(!FileManager.default.fileExists(atPath: other))
  }

  @Test(.sharedData("mnist1d/mnist1d.csv.xz", "digits/digits.csv.gz"))
  func sharedDataIsUnpacked() async throws {
    #expect(try await SharedData.text("mnist1d/mnist1d.csv.xz").count > 1000)
    #expect(try await SharedData.text("digits/digits.csv.gz").split(separator: "\n").count > 1000)
  }
}
