import Testing

/// Expects that a program that stopped said `message` on standard error. Optimized builds stop
/// without saying why, so there it is enough that it stopped.
package func expectMessage(
  _ message: String, of result: ExitTest.Result?,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #if DEBUG
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains(message), sourceLocation: sourceLocation)
  #endif
}
