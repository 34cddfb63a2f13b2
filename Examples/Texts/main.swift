// The four jobs on texts, in ten lines each, on languages so small that small networks learn them in seconds.

import Recurrent
import RecurrentTasks

var random = RandomGenerator(seed: 1)
@MainActor func any<Value>(_ values: [Value]) -> Value {
  values[Int.random(in: 0..<values.count, using: &random)]
}

// A class for each text: what is said of the last thing counts.
let (good, bad) = (["bright", "warm", "clever"], ["dull", "cold", "clumsy"])
let reviews = (0..<400).map { _ -> LabeledTexts.Example in
  let isGood = Bool.random(using: &random)
  return LabeledTexts.Example(
    text: "a \(any(good + bad)) start and a \(any(isGood ? good : bad)) end",
    label: isGood ? "good" : "bad")
}
let classifier = try TextClassifier.train(on: LabeledTexts(reviews), seed: 1)
let answer = classifier.classify("a dull start and a warm end")
print("classifier: \(answer.label), \(answer.probability)")

// A tag for each word: who does something where. Only the verb tells.
let names = ["Ada", "Sofia", "Emmy", "Sydney", "Florence", "Paris", "Lima"]
let sentences = (0..<400).map { _ in
  TaggedSentences.Sentence(
    tokens: [any(names), any(["lives", "works"]), "in", any(names), "."],
    tags: ["B-person", "O", "O", "B-place", "O"])
}
let tagger = try SequenceTagger.train(on: TaggedSentences(sentences), seed: 1)
for entity in tagger.entities(in: "Sydney lives in Florence.") {
  print("tagger: \(entity.type) \(entity.text)")
}

// A sentence for a sentence: German numbers say the ones before the tens.
let ones = ["ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"]
let tens = ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"]
let oneWords = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
let tenWords = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
let pairs = (0..<600).map { _ in
  let (one, ten) = (any(Array(ones.indices)), any(Array(tens.indices)))
  return SentencePairs.Pair("\(ones[one]) und \(tens[ten])", "\(tenWords[ten]) \(oneWords[one])")
}
var numbers = TranslatorOptions()
(numbers.hiddenSize, numbers.embeddingSize, numbers.batchSize, numbers.epochs) = (64, 64, 16, 30)
numbers.seed = 1
let translator = try TranslatorPlan(SentencePairs(pairs), options: numbers).train()
print("translator: \(translator.translate("sieben und vierzig"))")

// A text that goes on.
let lines = (0..<300).map { _ in "the \(any(["cat", "dog"])) sat on the \(any(["mat", "log"])).\n" }
let text = try TextFile(bytes: Array(lines.joined().utf8), source: "lines")
var short = TextGeneratorOptions()
(short.hiddenSize, short.layers, short.streams, short.seed) = (64, 1, 8, 1)
let generator = try TextGeneratorPlan([text], options: short).train()
let more = try generator.continuation(ofLine: "the dog sat", sampling: Sampling(temperature: 0))
print("generator: the dog sat\(more)")
