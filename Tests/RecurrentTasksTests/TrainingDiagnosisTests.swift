import Recurrent
import RecurrentTasks
import TestSupport
import Testing

/// What training shows of a network, epoch by epoch, through any job.
@Suite struct TrainingDiagnosisTests {
  private func trained(
    members: Int = 1
  ) throws -> (diagnosis: TrainingDiagnosis, model: Counting, plain: Counting) {
    var plan = CountingPlan()
    plan.options.members = members
    var diagnosis = TrainingDiagnosis()
    let model = try plan.train(diagnosing: { diagnosis.epochs.append($0) })
    return (diagnosis, model, try plan.train())
  }

  @Test(arguments: [1, 2]) func theFirstNetworkIsLookedAtAndNothingChanges(members: Int) throws {
    let (diagnosis, model, plain) = try trained(members: members)
    #expect(model.models.bits == plain.models.bits)
    #expect(model.history.csv == plain.history.csv)
    #expect(diagnosis.epochs.map(\.epoch) == [1, 4] && diagnosis.missing == nil)
    let layers = diagnosis.epochs[1].diagnosis.layers
    #expect(layers.map(\.kind) == ["GRU"] && layers[0].steps == 6)
    #expect(diagnosis.epochs.allSatisfy { ($0.diagnosis.medianUpdateRatio ?? 0) > 0 })
  }

  @Test func filesTellOfEachEpochLayerAndStep() throws {
    let diagnosis = try trained().diagnosis
    let lines = diagnosis.csv.split(separator: "\n")
    #expect(lines.count == 1 + 2 * 6)
    #expect(lines[0] == "epoch,layer,step,gradient_norm,steps_back,state_memory,input_memory")
    #expect(lines[1].hasPrefix("1,") && lines[12].hasPrefix("4,"))
    let files = try diagnosis.files
    #expect(files.map(\.name) == TrainingDiagnosis.names)
    #expect(String(decoding: files[2].bytes, as: UTF8.self).hasPrefix("<svg"))
    let map = diagnosis.heatMap
    #expect(map.rows.count == 6 && map.columns == ["1", "4"])
    #expect(map.shares.joined().max() == 1)
  }

  /// A look costs as much as a hundred examples: it waits until 200 times its own are learned.
  @Test func smallEpochsAreNotAllLookedAt() throws {
    var plan = CountingPlan()
    (plan.options.epochs, plan.options.patience) = (80, 80)
    var diagnosis = TrainingDiagnosis()
    _ = try plan.train(diagnosing: { diagnosis.epochs.append($0) })
    // 48 examples an epoch: 1,600 are learned after 34 more.
    #expect(diagnosis.epochs.map(\.epoch) == [1, 35, 69, 80])
    #expect(diagnosis.report(DiagnosisFlags()).contains("after epochs 1, 35, 69, 80:"))
  }

  @Test func aTrainingThatWentOnSaysWhichEpochsAreMissing() throws {
    var diagnosis = try trained().diagnosis
    diagnosis.epochs.removeFirst()
    #expect(
      diagnosis.missing
        == "Epochs 1 to 3 were trained before the training was stopped; the diagnosis has none of "
        + "them.")
    #expect(diagnosis.report(DiagnosisFlags()).contains("Epochs 1 to 3"))
  }

  /// A network that forgets at once, with one unit that says nothing, and updates out of proportion.
  @Test func findingsNameFlagsOfTheJob() throws {
    var layer = SimpleRNN(
      weights: RecurrentWeights(
        input: Tensor([1, 1, 1, 0], shape: [1, 4]), recurrent: .zeros([4, 4]), bias: nil,
        recurrentBias: nil))
    var generator = RandomGenerator(seed: 1)
    let input = SequenceBatch(Initializer.uniform(1)([4, 12, 1], using: &generator))
    func reading(_ update: Double?, _ flags: DiagnosisFlags) -> [String] {
      let diagnosis = NetworkDiagnosis(of: layer) { $0(input).values.sum() }
      return DiagnosisReading(diagnosis, updateRatio: update, learningRate: 0.01, flags: flags)
        .findings.map { "\($0.finding) \($0.remedy)" }
    }
    let found = reading(0.5, DiagnosisFlags())
    #expect(found.count == 3)
    #expect(
      found[0].hasPrefix("The gradient vanishes in recurrent (RNN): of a state less than 1 % ")
        && found[0].contains("after 1 of 12 steps. --cell lstm"))
    #expect(found[1].hasPrefix("1 of 4 units of ") && found[1].contains("--hidden 3"))
    #expect(
      found[2].hasPrefix("Updates are large: 50 %") && found[2].contains("--learning-rate 0.003"))
    layer.weights.recurrent = Tensor(
      (0..<16).map { $0 % 5 == 0 ? 3 : 0 }, shape: [4, 4])
    layer.weights.input = .zeros([1, 4])
    let exploding = reading(nil, DiagnosisFlags(clipping: ("--clipping", 1)))
    #expect(exploding.contains { $0.contains("explodes") && $0.contains("--clipping 0.5 cuts") })
  }
}
