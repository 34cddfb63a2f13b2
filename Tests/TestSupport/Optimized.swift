import Testing

/// Whether the tests are built as what ships is.
public let isOptimized: Bool = {
  #if DEBUG
    false
  #else
    true
  #endif
}()

/// All of them in an optimized build; the first `few` in a debug build, where the same arithmetic takes
/// ten times as long. For tests of numbers, which a debug build changes nothing about.
public func cases<Values: Collection>(_ all: Values, inDebug few: Int = 1) -> [Values.Element] {
  Array(isOptimized ? all[...] : all.prefix(few))
}

extension Trait where Self == ConditionTrait {
  /// Only in an optimized build: what runs the command again and again, or trains for long. What that calls
  /// of the library is tested in both.
  public static var optimized: Self {
    .enabled(if: isOptimized, "takes long: in optimized builds only")
  }
}
