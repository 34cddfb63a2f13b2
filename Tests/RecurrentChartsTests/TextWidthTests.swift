import Testing

@testable import RecurrentCharts

/// Lines for narrow terminals.
@Suite struct TextWidthTests {
  @Test(arguments: [
    ("short", "short"),
    ("course      at most 14 epochs of two", "course      at most 14\n       epochs of two"),
    ("            at most 14 epochs of", "            at most 14\n       epochs of"),
    ("The model beats all others by far", "The model beats all\nothers by far"),
    ("model  23.28  17.67  4.58  4.40", "model  23.28  17.67\n    4.58  4.40"),
    ("averylongwordthatdoesnotbreak and one", "averylongwordthatdoesnotbreak\nand one"),
    ("漢字漢字漢字 漢字漢字漢字", "漢字漢字漢字\n漢字漢字漢字"),
    ("a\n\nb", "a\n\nb"),
  ]) func wraps(text: String, expected: String) {
    #expect(TextWidth.wrapped(text, columns: 22) == expected)
  }

  /// Escapes have no width, so coloured lines are left to whoever made them.
  @Test func colourStays() {
    let line = "\u{1B}[36m" + String(repeating: "word ", count: 20)
    #expect(TextWidth.wrapped(line, columns: 20) == line)
  }
}
