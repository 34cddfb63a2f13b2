import RecurrentFiles

/// Several processes that train one model together: each is a rank, as MPI calls it.
///
/// All that training asks of a network stands in ``exchange(_:_:)``. All ranks make the same calls in
/// the same order, one at a time; what one sends is what the other receives, with the same number of
/// bytes. A rank that is lost ends the others: there is nothing to go on with but a checkpoint.
public protocol Communicator: AnyObject, Sendable {
  /// The number of this rank, from 0.
  var rank: Int { get }
  /// The number of ranks.
  var size: Int { get }

  /// Sends and receives, and returns when all has been sent and is there. Between two ranks, messages
  /// keep their order.
  func exchange(
    _ sent: [(to: Int, bytes: UnsafeRawBufferPointer)],
    _ received: [(from: Int, bytes: UnsafeMutableRawBufferPointer)])
}

extension Communicator {
  /// The numbers of the other ranks.
  var others: [Int] { (0..<size).filter { $0 != rank } }

  /// As many values as the ranks have, by rank: own ones are given, `counts[r]` are those of rank r.
  func gathered<Value: BitwiseCopyable>(
    _ own: [Value], counts: [Int], repeating blank: Value
  ) -> [[Value]] {
    var all = counts.map { [Value](repeating: blank, count: $0) }
    all[rank] = own
    own.withUnsafeBytes { sent in
      let buffers = others.map { from in
        UnsafeMutableBufferPointer<Value>.allocate(capacity: counts[from])
      }
      exchange(
        others.map { ($0, sent) },
        zip(others, buffers).map { ($0, UnsafeMutableRawBufferPointer($1)) })
      for (from, buffer) in zip(others, buffers) {
        all[from] = Array(buffer)
        buffer.deallocate()
      }
    }
    return all
  }

  /// The bytes that each rank gives, by rank.
  public func gathered(_ own: [UInt8]) -> [[UInt8]] {
    let one = [Int](repeating: 1, count: size)
    let counts = gathered([own.count], counts: one, repeating: 0).map { $0[0] }
    return gathered(own, counts: counts, repeating: 0)
  }

  /// The bytes that rank 0 gives, at all of them; what others give is not looked at.
  public func broadcast(_ own: [UInt8]) -> [UInt8] { gathered(rank == 0 ? own : [])[0] }

  /// Sums over the ranks, which each give as many numbers; added in the order of the ranks.
  public func sums(_ own: [Double]) -> [Double] {
    let all = gathered(own, counts: .init(repeating: own.count, count: size), repeating: 0)
    return own.indices.map { index in all.reduce(0) { $0 + $1[index] } }
  }
}
