import HTTPTypes
import Hummingbird
import InferenceProtocol
import ModelServing
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Steps of streams, answered where they come in.
///
/// A step of a small network takes less time than it takes to bring a request to a task and its answer
/// back. So this handler stands before those of the application, takes the requests that are such
/// steps, and answers them on the connection's own thread. All others, and steps that turn out to be
/// something else, go on to the application as they came.
///
/// It takes a request only while the application owes no answer on this connection, so that answers
/// come in the order of requests.
final class FastSteps: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  /// Longer bodies go on to the application.
  static let longest = 1 << 16

  private struct Collected {
    var head: HTTPRequest
    var model: ServingModel
    var headerLength: Int?
    var body: ByteBuffer
    var begin: ContinuousClock.Instant
  }

  private let server: InferenceServer
  private let access: Guard
  private let counts: RouteCounts
  /// The request that is coming in, if it is one for here.
  private var collected: Collected?
  /// A state is being written; what comes meanwhile waits.
  private var isWaiting = false
  private var held: [HTTPRequestPart] = []
  /// Answers that the application owes.
  private var owed = 0
  /// The end of a request that goes to the application has not come yet.
  private var isPassing = false
  private var wantsRead = false
  /// The answer that is being written is the last.
  private var closes = false
  private var quiescing: ChannelShouldQuiesceEvent?
  private var date = HTTPDate()
  /// When a step was last answered before the decoder, whose requests the connection's clock does not see.
  private var lastStep: ContinuousClock.Instant?

  init(_ server: InferenceServer, _ access: Guard, _ counts: RouteCounts) {
    (self.server, self.access, self.counts) = (server, access, counts)
  }

  // MARK: Before the decoder

  /// Stands before the decoder too, where every request may ask and no state has to be written first.
  func handlerAdded(context: ChannelHandlerContext) {
    guard server.options.keys.isEmpty, !server.keepsStates else { return }
    let pipeline = context.pipeline.syncOperations
    if let encoder = try? pipeline.handler(type: HTTPResponseEncoder.self) {
      try? pipeline.addHandler(DirectSteps(self), position: .before(encoder))
    }
  }

  /// Whether all that came before has its answer.
  var isFree: Bool {
    owed == 0 && !isWaiting && !isPassing && collected == nil && quiescing == nil
  }

  /// The answer to a step, head and body; nil if it is none, or goes wrong and so leaves all as it was.
  func answer(
    _ name: String, _ body: [UInt8], jsonCount: Int?, since begin: ContinuousClock.Instant,
    _ allocator: ByteBufferAllocator
  ) -> ByteBuffer? {
    guard let model = try? server.repository.model(name), model.hasShortSteps,
      let asked = try? InferRequest(body: body, headerLength: jsonCount),
      let sequence = asked.sequence, let outputs = try? model.step(asked, of: sequence).outputs
    else { return nil }
    lastStep = begin
    var (status, fields, bytes): (HTTPResponse.Status, HTTPFields, [UInt8])
    do throws(RequestError) {
      (fields, bytes) = try Self.encoded(outputs, asked, model)
      status = .ok
    } catch {
      let response = refusal(error)
      (status, fields, bytes) = (response.status, response.headers, Self.body(of: error))
    }
    fields[.contentLength] = "\(bytes.count)"
    fields[.date] = date.text
    var answer = allocator.buffer(capacity: 256 + bytes.count)
    answer.writeString("HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n")
    for field in fields { answer.writeString("\(field.name.rawName): \(field.value)\r\n") }
    answer.writeString("\r\n")
    answer.writeBytes(bytes)
    counts.count(status, since: begin)
    return answer
  }

  // MARK: What comes in

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    take(unwrapInboundIn(data), context)
  }

  private func take(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
    guard !isWaiting else { return held.append(part) }
    switch part {
    case .head(let head):
      if owed == 0, let request = self.request(head, context) {
        collected = request
        return
      }
      if owed == 0, head.headerFields[.expect]?.lowercased() == "100-continue",
        (head.headerFields[.contentLength].flatMap { Int($0) } ?? 0) <= server.options.limits.body
      {
        // The client holds the body back until it is asked for it.
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
      }
      owed += 1
      isPassing = true
    case .body(let bytes):
      guard var request = collected else { break }
      collected = nil
      guard request.body.readableBytes + bytes.readableBytes <= Self.longest,
        ContinuousClock.now - request.begin < server.options.limits.bodyTime
      else {
        passOn(request, context)
        break
      }
      if request.body.readableBytes == 0 {
        request.body = bytes
      } else {
        request.body.writeImmutableBuffer(bytes)
      }
      collected = request
      return
    case .end:
      guard let request = collected else {
        isPassing = false
        break
      }
      collected = nil
      if answer(request, context) { return }
      passOn(request, context)
      isPassing = false
    }
    context.fireChannelRead(wrapInboundOut(part))
  }

  /// What came of a request goes on to the application.
  private func passOn(_ request: Collected, _ context: ChannelHandlerContext) {
    owed += 1
    isPassing = true
    context.fireChannelRead(wrapInboundOut(.head(request.head)))
    if request.body.readableBytes > 0 {
      context.fireChannelRead(wrapInboundOut(.body(request.body)))
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
    context.fireChannelReadComplete()
  }

  /// A request that may be a step, and whose model takes short steps.
  private func request(_ head: HTTPRequest, _ context: ChannelHandlerContext) -> Collected? {
    guard head.method == .post, let path = head.path, let name = Self.modelName(path),
      head.headerFields[.connection].map({ $0.lowercased() == "keep-alive" }) ?? true,
      head.headerFields[.expect] == nil,
      // What is announced as longer is refused by the application before it comes.
      (head.headerFields[.contentLength].flatMap { Int($0) } ?? 0) <= Self.longest,
      let model = try? server.repository.model(name), model.hasShortSteps
    else { return nil }
    var headerLength: Int?
    if let text = head.headerFields[.inferenceHeader] {
      guard let length = Int(text) else { return nil }
      headerLength = length
    }
    do {
      try access.check(head, isOpen: false)
    } catch {
      return nil
    }
    return Collected(
      head: head, model: model, headerLength: headerLength, body: ByteBuffer(), begin: .now)
  }

  // MARK: Answers

  /// Answers a step; false if it is none.
  private func answer(_ request: Collected, _ context: ChannelHandlerContext) -> Bool {
    do throws(RequestError) {
      let asked = try InferRequest(
        body: Array(request.body.readableBytesView), headerLength: request.headerLength)
      guard let sequence = asked.sequence else { return false }
      let (outputs, written) = try request.model.step(asked, of: sequence)
      guard let written else {
        try answer(outputs, asked, request, context)
        return true
      }
      isWaiting = true
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      let eventLoop = context.eventLoop
      written.whenDone { error in
        eventLoop.execute {
          let (handler, context) = bound.value
          handler.finish(outputs, error, asked, request, context)
        }
      }
    } catch {
      refuse(error, request, context)
    }
    return true
  }

  /// Answers a step whose state is written, and takes what came meanwhile.
  private func finish(
    _ outputs: [WireTensor], _ error: RequestError?, _ asked: InferRequest, _ request: Collected,
    _ context: ChannelHandlerContext
  ) {
    do throws(RequestError) {
      if let error { throw error }
      try answer(outputs, asked, request, context)
    } catch {
      refuse(error, request, context)
    }
    isWaiting = false
    context.flush()
    let parts = held
    held = []
    for part in parts { take(part, context) }
    context.flush()
    context.fireChannelReadComplete()
  }

  private func answer(
    _ outputs: [WireTensor], _ asked: InferRequest, _ request: Collected,
    _ context: ChannelHandlerContext
  ) throws(RequestError) {
    let (fields, bytes) = try Self.encoded(outputs, asked, request.model)
    write(.ok, fields, bytes, request, context)
  }

  private func refuse(
    _ error: RequestError, _ request: Collected, _ context: ChannelHandlerContext
  ) {
    let response = refusal(error)
    write(response.status, response.headers, Self.body(of: error), request, context)
  }

  private func refusal(_ error: RequestError) -> Response {
    if error.kind == .failed { server.logger.error("\(error.message)") }
    return Response(error)
  }

  private func write(
    _ status: HTTPResponse.Status, _ fields: HTTPFields, _ bytes: [UInt8], _ request: Collected,
    _ context: ChannelHandlerContext
  ) {
    var head = HTTPResponse(status: status, headerFields: fields)
    head.headerFields[.contentLength] = "\(bytes.count)"
    head.headerFields[.date] = date.text
    access.allow(&head.headerFields, for: request.head)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(
      wrapOutboundOut(.body(context.channel.allocator.buffer(bytes: bytes))), promise: nil)
    context.write(wrapOutboundOut(.end(nil)), promise: nil)
    counts.count(status, since: request.begin)
    if let event = quiescing {
      quiescing = nil
      context.flush()
      context.fireUserInboundEventTriggered(event)
    }
  }

  // MARK: What else happens on a connection

  /// Nothing more is read from who does not read what it asked for.
  func read(context: ChannelHandlerContext) {
    if context.channel.isWritable { context.read() } else { wantsRead = true }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if wantsRead, context.channel.isWritable {
      wantsRead = false
      context.read()
    }
    context.fireChannelWritabilityChanged()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head): closes = head.headerFields[.connection] == "close"
    case .end:
      owed -= 1
      if closes {
        context.writeAndFlush(data, promise: promise)
        return close(context)
      }
    case .body: break
    }
    context.write(data, promise: promise)
  }

  /// Ends a connection whose client may still be sending: it is left the time to read the answer.
  private func close(_ context: ChannelHandlerContext) {
    context.close(mode: .output, promise: nil)
    let channel = context.channel
    context.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case let event as ChannelShouldQuiesceEvent where collected != nil || isWaiting:
      quiescing = event
    case is IdleStateHandler.IdleStateEvent:
      // What is worked on is not idle; half a request is.
      let wasBusy = lastStep.map { .now - $0 < server.options.limits.idleTime } ?? false
      if owed == 0 || isPassing, !isWaiting, !wasBusy { context.close(promise: nil) }
    default: context.fireUserInboundEventTriggered(event)
    }
  }
}
