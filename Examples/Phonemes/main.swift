import Foundation
import Recurrent

guard CommandLine.arguments.count > 2 else {
  print("Phonemes checkpoint20.npz WORD …")
  exit(64)
}
// What the numbers of g2p_en mean.
let letters = ["<pad>", "<unk>", "</s>"] + "abcdefghijklmnopqrstuvwxyz".map(String.init)
let vowels = "AA AE AH AO AW AY".split(separator: " ")
let sounds =
  ["<pad>", "<unk>", "<s>", "</s>"] + vowels.flatMap { v in (0...2).map { "\(v)\($0)" } }
    + """
    B CH D DH EH0 EH1 EH2 ER0 ER1 ER2 EY0 EY1 EY2 F G HH IH0 IH1 IH2 IY0 IY1 IY2 JH K L M N NG OW0 OW1 \
    OW2 OY0 OY1 OY2 P R S SH T TH UH0 UH1 UH2 UW UW0 UW1 UW2 V W Y Z ZH
    """.split(separator: " ").map(String.init)

var weights = try PyTorchWeights(file: CommandLine.arguments[1])
let names = ["w_ih", "w_hh", "b_ih", "b_hh"]
let encoder = GRU(weights: try weights.recurrent(.gru, names: names.map { "enc_" + $0 }))
let decoder = GRU(weights: try weights.recurrent(.gru, names: names.map { "dec_" + $0 }))
let letterVectors = Embedding(weights: try weights.tensor("enc_emb", shape: [letters.count, nil]))
let soundVectors = Embedding(weights: try weights.tensor("dec_emb", shape: [sounds.count, nil]))
let head = Dense(
  weights: try weights.tensor("fc_w", shape: [sounds.count, nil]).transposed(),
  bias: try weights.tensor("fc_b", shape: [sounds.count]))
try weights.finish()

for word in CommandLine.arguments.dropFirst(2) {
  // The encoder's state after the last letter is where the decoder begins.
  var state = encoder.initialState(batchSize: 1)
  let codes = word.lowercased().map { letters.firstIndex(of: String($0)) ?? 1 } + [2]
  _ = encoder(letterVectors(TokenBatch([codes])), state: &state)
  var (last, found): (Int, [String]) = (2, [])
  for _ in 0..<20 {
    let scores = head(decoder(soundVectors(TokenBatch([[last]])), state: &state).values).elements
    last = scores.indices.max { scores[$0] < scores[$1] } ?? 0
    if last == 3 { break }
    found.append(sounds[last])
  }
  print("\(word): \(found.joined(separator: " "))")
}
