import NIOCore

/// Steps of streams, answered from the bytes of the connection.
///
/// To make an HTTP request of bytes, with a list of its fields, and bytes of its answer takes longer than a step of a small
/// network. So this handler stands before the decoder. A request that is plainly such a step (``PlainRequest``) is
/// answered here; all other bytes go on as they came. Where it cannot tell where a request ends, the rest of
/// the connection is the decoder's.
final class DirectSteps: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = IOData

  private let steps: FastSteps
  /// All that comes is for the decoder.
  private var isPassing = false
  private var hasAnswered = false

  init(_ steps: FastSteps) { self.steps = steps }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isPassing else { return context.fireChannelRead(data) }
    var bytes = unwrapInboundIn(data)
    while bytes.readableBytes > 0, !isPassing {
      guard let request = bytes.withUnsafeReadableBytes({ PlainRequest($0) }),
        request.count <= bytes.readableBytes
      else {
        isPassing = true
        break
      }
      let begin = ContinuousClock.now
      if let answer = answer(to: request, bytes, since: begin, context) {
        bytes.moveReaderIndex(forwardBy: request.count)
        hasAnswered = true
        context.write(wrapOutboundOut(.byteBuffer(answer)), promise: nil)
      } else if let whole = bytes.readSlice(length: request.count) {
        // The decoder has nothing of the next request, so that this one may be answered here again.
        context.fireChannelRead(wrapInboundOut(whole))
      }
    }
    if bytes.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(bytes)) }
  }

  private func answer(
    to request: PlainRequest, _ bytes: ByteBuffer, since begin: ContinuousClock.Instant,
    _ context: ChannelHandlerContext
  ) -> ByteBuffer? {
    guard let model = request.model, steps.isFree, request.bodyCount <= FastSteps.longest,
      let body = bytes.getBytes(
        at: bytes.readerIndex + request.headCount, length: request.bodyCount)
    else { return nil }
    return steps.answer(
      model, body, jsonCount: request.jsonCount, since: begin, context.channel.allocator)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if hasAnswered {
      hasAnswered = false
      context.flush()
    }
    context.fireChannelReadComplete()
  }
}
