import Foundation
import TestSupport
import Testing

/// Commands that the documentation shows are commands that there are, with flags that these have.
@Suite struct DocumentationTests {
  /// `recurrent …` of the shell blocks of a page: the command, and its flags.
  private func commands(in page: String) -> [(words: [String], flags: [String])] {
    let blocks = page.split(separator: "```").enumerated().filter { index, block in
      index % 2 == 1 && block.hasPrefix("sh\n")
    }
    return blocks.flatMap { $0.element.replacing("\\\n", with: " ").split(separator: "\n") }
      .flatMap { $0.split(separator: " #")[0].split(separator: " | ") }
      .compactMap { line in
        let words = line.replacing(#/"[^"]*"|'[^']*'/#, with: "x").split(separator: " ")
          .map(String.init)
        guard let start = words.firstIndex(of: "recurrent"),
          start == 0 || words[..<start].joined(separator: " ") == "swift run -c release"
        else { return nil }
        let rest = words[(start + 1)...].prefix { $0 != "<" && $0 != ">" }
        let path = rest.prefix { !$0.hasPrefix("-") }.prefix(
          ["train", "tune"].contains(rest.first) ? 2 : 1)
        let flags = rest.filter { $0.hasPrefix("-") && !$0.contains("[") }
        return (Array(path), flags.map { String($0.prefix { $0 != "=" }) })
      }
  }

  @Test(.optimized) func commandsAreThere() async throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let pages = try ["Documentation", "Sources/Recurrent/Recurrent.docc"].flatMap { folder in
      try FileManager.default.subpathsOfDirectory(atPath: root.path + "/" + folder)
        .filter { $0.hasSuffix(".md") }.map { folder + "/" + $0 }
    }
    var help: [[String]: String] = [:]
    var count = 0
    for page in ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"] + pages.sorted() {
      let text = try String(contentsOfFile: root.path + "/" + page, encoding: .utf8)
      for (words, flags) in commands(in: text) {
        if help[words] == nil {
          let shown = try await CommandRunner.run(
            CommandRunner.commandPath(), words + ["--help"], environment: ["COLUMNS": "1000"])
          #expect(shown.exitCode == 0, "\(page): \(words): \(shown.errorOutput)")
          help[words] = shown.output
        }
        let known = help[words] ?? ""
        for flag in flags {
          let name = try Regex("(^|, |\\n  )\(flag)([ ,\\n]|$)")
          #expect(known.contains(name), "\(page): recurrent \(words) has no \(flag)")
          count += 1
        }
      }
    }
    #expect(count > 60, "\(count) flags were found")
  }
}
