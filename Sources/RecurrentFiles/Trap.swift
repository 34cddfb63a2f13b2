import Foundation

/// Stops the program with `rule` unless `condition` holds.
///
/// What a programmer got wrong is said in optimized builds too, where the `precondition` of the
/// standard library stops without its words. The rule is made only where it is broken.
@inlinable @inline(__always)
package func require(
  _ condition: Bool, _ rule: @autoclosure () -> String,
  file: StaticString = #fileID, line: UInt = #line
) {
  if !condition { trap(rule(), file: file, line: line) }
}

/// Stops the program and says which rule was broken, in optimized builds too.
@usableFromInline @inline(never)
package func trap(
  _ rule: String, file: StaticString = #fileID, line: UInt = #line
) -> Never {
  FileHandle.standardError.write(Data("\(file):\(line): Fatal error: \(rule)\n".utf8))
  abort()
}
