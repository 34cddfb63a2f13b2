import Recurrent
import TestSupport
import Testing

@testable import RecurrentData

@Suite struct PixelTableTests {
  private func read(
    _ text: String, label: ImageReading.LabelColumn? = nil, height: Int? = nil
  ) throws(DataError) -> (images: ImageSet, test: ImageSet?) {
    var reading = ImageReading()
    reading.label = label
    reading.height = height
    return try PixelTable(Array(text.utf8), source: "p.csv", reading).images()
  }

  @Test func headerNamesTheClass() throws {
    let (images, test) = try read("a,b,Label,c,d\n1,2,x,3,4.5\n5,6,y,7,-8e1\n")
    #expect(images.labels == ["x", "y"] && test == nil)
    #expect(images.pixels == [1, 2, 3, 4.5, 5, 6, 7, -80])
    #expect((images.height, images.width) == (2, 2))
  }

  @Test func numbersAsNamesOfPixels() throws {
    let images = try read("label,0,1,2,3\n7,8,9,10,11\n").images
    #expect(images.labels == ["7"] && images.pixels == [8, 9, 10, 11])
  }

  @Test func withoutHeader() throws {
    // The last column never changes, so the first is the class; then the other way round.
    let first = try read("3,0,1,2,0\n4,5,6,7,0\n").images
    #expect(first.labels == ["3", "4"] && first.pixels == [0, 1, 2, 0, 5, 6, 7, 0])
    let last = try read("0;1;2;9;3\n0;5;6;7;4\n").images
    #expect(last.labels == ["3", "4"] && last.pixels == [0, 1, 2, 9, 0, 5, 6, 7])
    let words = try read("1,2,3,4,one\n2,3,4,5,two\n").images
    #expect(words.labels == ["one", "two"])
    let none = try read("1,2,3,4,5,6\n2,3,4,5,6,7\n", label: .noColumn, height: 3).images
    #expect(none.labels.isEmpty && none.count == 2 && none.height == 3 && none.width == 2)
    let line = try read("1,0.5,2,0.25\n2,3,4,0.75\n").images
    #expect(line.labels == ["1", "2"] && line.height == 1 && line.width == 3)
  }

  /// A model knows its size, so that files with and without classes need no option.
  @Test func knownSize() throws {
    var reading = ImageReading()
    (reading.height, reading.width) = (1, 3)
    func read(_ text: String) throws(DataError) -> ImageSet {
      try PixelTable(Array(text.utf8), source: "p.csv", reading).images().images
    }
    #expect(try read("1,0.5,2\n2,3,4.5\n").labels.isEmpty)
    #expect(try read("1,0.5,2,0.25\n2,3,4,0.75\n").labels == ["1", "2"])
    let error = try dataError { () throws(DataError) in _ = try read("label,a\n1,2\n") }
    #expect(error.description == "p.csv:1: found 1 pixels, expected 3 as in the images before.")
  }

  /// What is no finite number is named with its line and column, in the first line as in others.
  @Test(arguments: ["nan", "inf", "-inf", "1e39", "-1e999"])
  func numbersThatAreNone(_ cell: String) throws {
    for (text, line) in [("1,\(cell),3,9\n2,5,6,9\n", 1), ("1,2,3,9\n2,\(cell),6,9\n", 2)] {
      let error = try #require(throws: DataError.self) { try read(text, label: .last) }
      #expect(error.line == line && error.place == "column 2")
      #expect(error.problem == "found \"\(cell)\", expected a number")
    }
  }

  @Test func splitColumn() throws {
    let (images, test) = try read(
      "split,label,p\ntrain,1,0.5\ntest,2,0.25\ntrain,2,-1\n")
    #expect(images.labels == ["1", "2"] && images.pixels == [0.5, -1])
    #expect(test?.labels == ["2"] && test?.pixels == [0.25])
  }

  @Test func whatIsRefused() throws {
    func refused(_ text: String, _ message: String, height: Int? = nil) throws {
      let error = try dataError { () throws(DataError) in _ = try read(text, height: height) }
      #expect(error.description.hasPrefix(message), "\(error)")
    }
    try refused("label,a,b\n1,2,3\n2,x,4\n", "p.csv:3: column 2: found \"x\", expected a number.")
    try refused(
      "1,2,3\n4,5,6\n", "p.csv:1: which column is the class cannot be seen: both of the first and")
    try refused(
      "0.5,2,0.5\n4,5,6.5\n", "p.csv:1: which column is the class cannot be seen: neither")
    try refused("label,a,b,c\n1,2,3,4\n", "p.csv:1: found 3 pixels, which are not whole", height: 2)
    try refused("split,label,p\ndev,1,2\n", "p.csv:2: column \"split\": found \"dev\"")
    try refused("split,label,p\ntest,1,2\n", "p.csv: found no image outside the test part.")
    try refused("label,a\n1,1e60\n2,1\n", "p.csv:2: column 2: found \"1e60\", expected a number")
    try refused("label,a\n,1\n", "p.csv:2: column 1: found nothing, expected the image's class")
    try refused("label\n1\n", "p.csv:1: found 1 columns")
  }
}
