import Recurrent
import TestSupport
import Testing

@Suite struct NumberTests {
  private func numbers(_ cells: [String], delimiter: Character = ",") throws(DataError) -> [Double]
  {
    let text = "n\(delimiter)x\n" + cells.map { "\($0)\(delimiter)0\n" }.joined()
    return try Table(csvText: text, source: "t.csv", delimiter: delimiter).numbers("n")
  }

  @Test func forms() throws {
    let cells = [
      "1", "-2.5", "+3", ".5", "5.", "1e3", "1E-3", "-0", "007", " 8 ", "\" 9 \"", "1e+2",
    ]
    let expected: [Double] = [1, -2.5, 3, 0.5, 5, 1000, 0.001, 0, 7, 8, 9, 100]
    #expect(try numbers(cells) == expected)
    #expect(try numbers(["-0"])[0].sign == .minus)
  }

  /// Every number reads as the nearest double, as the standard library reads it.
  @Test func nearestDouble() throws {
    var generator = SystemRandomNumberGenerator()
    var texts = [
      "0.1", "0.3", "9007199254740993", "9007199254740992", "123456789012345678",
      "0.1234567890123456789012345", "1.7976931348623157e-300", "2.2250738585072011e-308",
      "4.9406564584124654e-324", "1e-400", "999999999999999999", "1e22", "1e-22", "1e-23",
      "8.5e-23", "000000000000000000000000000001.5", "0.000000000000000000000000000015",
      "3.14159265358979323846264338327950288", "10000000000000000000000e-10",
    ].filter { (Double($0) ?? 0) <= 1e18 }
    for _ in 0..<20_000 {
      let value = Double(bitPattern: .random(in: 0..<0x43AB_C16D_674E_C800, using: &generator))
      texts.append("\(value)")
      let digits = Int.random(in: 0..<1_000_000_000, using: &generator)
      let places = Int.random(in: 0..<1_000_000, using: &generator)
      texts.append("\(digits).\(places)")
    }
    let read = try numbers(texts)
    let wrong = zip(texts, read).first { Double($0) != $1 }
    #expect(read.count == texts.count)
    #expect(wrong == nil)
  }

  @Test func groupsOfThree() throws {
    #expect(
      try numbers(["\"7,380,500\"", "\"1,234.5\"", "\"-12,000\"", "\"999\""])
        == [7_380_500, 1234.5, -12_000, 999])
    for bad in ["\"1,,234\"", "\"1,234,\"", "\"1,23,456\"", "\"1.234.5\""] {
      let error = try dataError { () throws(DataError) in _ = try numbers([bad]) }
      #expect(error.problem.hasSuffix("expected a number"), "\(bad)")
    }
    #expect(try numbers(["7,380,500"], delimiter: "|") == [7_380_500])
  }

  @Test func decimalComma() throws {
    let table = try Table(
      csvText: "a;b;c;d\n1,5;1.5;1.234,5;1.234\n2;2;-1.234.567,25;2\n;3,5;7;3\n", source: "t.csv")
    #expect(try table.numbers("a", missing: .forwardFill) == [1.5, 2, 2])
    #expect(try table.numbers("c") == [1234.5, -1_234_567.25, 7])
    // Without any comma, a point is a decimal mark.
    #expect(try table.numbers("d") == [1.234, 2, 3])
    // 1.5 is no group of thousands, so the column is written with points and 3,5 is an error.
    let error = try dataError { () throws(DataError) in _ = try table.numbers("b") }
    #expect(error.line == 4)
    #expect(error.problem == "found \"3,5\", expected a number")
    #expect(try #require(error.advice).contains("decimal mark"))
  }

  @Test(arguments: [
    "abc", "1.2.3", "1e", "e5", "--1", "0x10", "1 2", "..", "+", "1e5.0", "$5$", "5%%",
  ])
  func notANumber(_ text: String) throws {
    let error = try dataError { () throws(DataError) in _ = try numbers(["1", text]) }
    #expect(error.line == 3)
    #expect(error.place == "column \"n\"")
    #expect(error.problem == "found \"\(text)\", expected a number")
  }

  @Test func longTextIsCut() throws {
    let error = try dataError { () throws(DataError) in
      _ = try numbers([String(repeating: "ab", count: 50)])
    }
    #expect(
      error.problem == "found \"\(String(repeating: "ab", count: 20))…\", expected a number")
  }

  @Test(
    arguments: [
      "1e30", "-1e30", "1000000000000000001000", "inf", "-Infinity", "+INF", "1e999",
      "1e99999999999999999999",
    ])
  func notAMeasurement(_ text: String) throws {
    let error = try dataError { () throws(DataError) in _ = try numbers(["1e18", text]) }
    #expect(error.line == 3)
    #expect(error.problem.hasPrefix("\"\(text)\" is not a measurement"))
  }
}
