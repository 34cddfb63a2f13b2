import Foundation
import Recurrent
import Synchronization

/// Ranks as threads of this process, which hand each other their messages.
public final class ThreadRanks: Communicator {
  private final class Post: Sendable {
    let changed = NSCondition()
    /// From sender to receiver, in order.
    let messages: Mutex<[[[Data]]]>

    init(size: Int) {
      messages = Mutex(.init(repeating: .init(repeating: [], count: size), count: size))
    }
  }

  /// Which of them this one is, from 0.
  public let rank: Int
  /// How many there are.
  public let size: Int
  private let post: Post
  private let sentBytes = Atomic(0)

  private init(rank: Int, size: Int, post: Post) {
    (self.rank, self.size, self.post) = (rank, size, post)
  }

  /// The bytes that it has sent.
  public var bytesSent: Int { sentBytes.load(ordering: .relaxed) }

  /// Hands over messages, and waits for those of the others.
  public func exchange(
    _ sent: [(to: Int, bytes: UnsafeRawBufferPointer)],
    _ received: [(from: Int, bytes: UnsafeMutableRawBufferPointer)]
  ) {
    post.changed.lock()
    for (to, bytes) in sent {
      post.messages.withLock { $0[rank][to].append(Data(bytes)) }
      sentBytes.add(bytes.count, ordering: .relaxed)
    }
    post.changed.broadcast()
    for (from, buffer) in received {
      while post.messages.withLock({ $0[from][rank].isEmpty }) { post.changed.wait() }
      let message = post.messages.withLock { $0[from][rank].removeFirst() }
      precondition(message.count == buffer.count, "a message has the length that is expected")
      message.copyBytes(to: buffer)
    }
    post.changed.unlock()
  }

  /// What `body` gives at each of so many ranks, which run at the same time, each on one thread.
  public static func run<Result: Sendable>(
    _ size: Int, _ body: @escaping @Sendable (ThreadRanks) throws -> Result
  ) throws -> [Result] {
    let post = Post(size: size)
    let results = Mutex([Swift.Result<Result, any Error>?](repeating: nil, count: size))
    let group = DispatchGroup()
    for rank in 0..<size {
      group.enter()
      let thread = Thread {
        let result = Swift.Result {
          try ExecutionContext(threads: 1).run {
            try body(ThreadRanks(rank: rank, size: size, post: post))
          }
        }
        results.withLock { $0[rank] = result }
        group.leave()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    group.wait()
    return try results.withLock { try $0.compactMap { try $0?.get() } }
  }
}
