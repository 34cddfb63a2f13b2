import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

extension JobCommand {
  /// What a few examples show of a trained model, as text or JSON. The data is read as training from the
  /// model would read it.
  static func gradients(of folder: String, on files: [String], json: Bool) throws {
    let model = try Trained(contentsOf: folder)
    let command: Self
    do {
      command = try parse(files + ["--from", folder])
    } catch {
      throw DataError(
        file: files.joined(separator: ", "),
        problem: message(for: error).trimmingCharacters(in: .init(charactersIn: ". \n")))
    }
    let (plan, preface) = try command.planInFlags(from: model)
    let diagnosis = try plan.diagnosis()
    let reading = DiagnosisReading(
      diagnosis, updateRatio: nil, learningRate: Double(model.options.learningRate),
      flags: model.options.diagnosisFlags)
    guard json else {
      return printText("\(preface)\n\n\(diagnosis.table)\n\n\(reading)")
    }
    print(try jsonText(GradientReport(model: folder, diagnosis: diagnosis, reading: reading)))
  }
}

/// A diagnosis as JSON, with what it means.
private struct GradientReport: Encodable {
  struct Finding: Encodable {
    let finding, remedy: String
  }

  let model: String
  let diagnosis: NetworkDiagnosis
  let findings: [Finding]

  init(model: String, diagnosis: NetworkDiagnosis, reading: DiagnosisReading) {
    (self.model, self.diagnosis) = (model, diagnosis)
    findings = reading.findings.map { Finding(finding: $0.finding, remedy: $0.remedy) }
  }
}
