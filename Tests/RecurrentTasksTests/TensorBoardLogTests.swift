import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Event files, frame by frame; Scripts/check-tensorboard reads them with TensorBoard itself.
@Suite struct TensorBoardLogTests {
  /// The value that RFC 3720 and all tables of CRCs give.
  @Test func checksumOfTheKnownText() {
    #expect(TFRecord.crc32C(Array("123456789".utf8)) == 0xE306_9283)
    #expect(TFRecord.crc32C([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
  }

  @Test func aRecordIsLengthChecksumBytesChecksum() {
    let record = TFRecord.bytes(of: [7, 8, 9])
    #expect(record.count == 8 + 4 + 3 + 4)
    #expect(
      Array(record[0..<8]) == [3, 0, 0, 0, 0, 0, 0, 0] && Array(record[12..<15]) == [7, 8, 9])
    let crc = record[15..<19].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) } &- 0xA282_EAD8
    #expect((crc << 15 | crc >> 17) == TFRecord.crc32C([7, 8, 9]))
  }

  @Test func eachEpochIsARecord() throws {
    try withTemporaryFolder { folder in
      let log = try TensorBoardLog(in: folder + "/runs", options: "    units 8")
      var plan = CountingPlan()
      plan.options.epochs = 3
      _ = try plan.train(callbacks: [log.callback { Issue.record("\($0)") }])
      let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/runs")
      let name = try #require(names.first)
      #expect(names.count == 1 && name.hasPrefix("events.out.tfevents."))
      let bytes = [UInt8](
        try Data(contentsOf: URL(fileURLWithPath: folder + "/runs/" + name)))
      var (place, records) = (0, [[UInt8]]())
      while place < bytes.count {
        let count = bytes[place..<place + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
        records.append(Array(bytes[place + 12..<place + 12 + count]))
        place += 16 + count
      }
      // The version, the options, three epochs.
      #expect(records.count == 5)
      let texts = records.map { String(decoding: $0, as: UTF8.self) }
      #expect(texts[0].contains("brain.Event:2") && texts[1].contains("units 8"))
      for text in texts[2...] {
        #expect(text.contains("loss/training") && text.contains("weights/head.bias"))
      }
    }
  }
}
