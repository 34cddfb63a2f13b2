import Recurrent
import RecurrentTasks

/// A class for each text.
func sentiment(_ pictures: Pictures) throws {
  // The last word counts. Words, and pairs of words, do not tell which one is the last.
  var random = RandomGenerator(seed: 1)
  let (good, bad) = (["bright", "warm", "clever"], ["dull", "cold", "clumsy"])
  func any(_ words: [String]) -> String { words[Int.random(in: 0..<words.count, using: &random)] }
  let reviews = (0..<400).map { _ in
    let isGood = Bool.random(using: &random)
    return LabeledTexts.Example(
      text: "at first it was rather \(any(good + bad)), in the end it was rather "
        + any(isGood ? good : bad),
      label: isGood ? "good" : "bad")
  }
  var options = TextClassifierOptions()
  (options.hiddenSize, options.embeddingSize, options.epochs, options.seed) = (32, 32, 12, 1)
  let classifier = try TextClassifierPlan(LabeledTexts(reviews), options: options).train()
  print(classifier.report)
  for text in [
    "at first it was rather dull, in the end it was rather warm",
    "at first it was rather warm, in the end it was rather dull",
  ] {
    print(text, "->", classifier.classify(text).label)
  }
}

/// A tag for each word.
func namedEntities(_ pictures: Pictures) throws {
  // Names that are persons and places; only the words around them tell.
  var random = RandomGenerator(seed: 1)
  let names = ["Ada", "Sofia", "Emmy", "Sydney", "Florence", "Paris", "Lima"]
  func any(_ words: [String]) -> String { words[Int.random(in: 0..<words.count, using: &random)] }
  let sentences = (0..<300).map { _ in
    TaggedSentences.Sentence(
      tokens: [any(names), any(["lives", "works"]), "in", any(names), "."],
      tags: ["B-person", "O", "O", "B-place", "O"])
  }
  var options = SequenceTaggerOptions()
  (options.hiddenSize, options.embeddingSize, options.epochs, options.seed) = (24, 24, 6, 1)
  let tagger = try SequenceTaggerPlan(TaggedSentences(sentences), options: options).train()
  print(tagger.report)
  for entity in tagger.entities(in: "Sydney lives in Florence.") {
    print("Sydney lives in Florence. ->", entity.type, entity.text)
  }
}

/// From Hindi to English, on a language of nouns and adjectives.
func translation(_ pictures: Pictures) throws {
  let nouns = [
    ("घर", "house"), ("पानी", "water"), ("फूल", "flower"), ("किताब", "book"), ("कलम", "pen"),
    ("दरवाज़ा", "door"), ("मेज़", "table"), ("गाड़ी", "car"),
  ]
  let adjectives = [
    ("लाल", "red"), ("सुंदर", "beautiful"), ("साफ़", "clean"), ("सफ़ेद", "white"), ("गोल", "round"),
  ]
  var pairs: [SentencePairs.Pair] = []
  for (noun, english) in nouns {
    for (this, that) in [("यह", "this"), ("वह", "that")] {
      for (quality, word) in adjectives {
        pairs += [
          .init("\(this) \(noun) \(quality) है", "\(that) \(english) is \(word)"),
          .init("\(this) \(noun) \(quality) नहीं है", "\(that) \(english) is not \(word)"),
          .init("क्या \(this) \(noun) \(quality) है", "is \(that) \(english) \(word)"),
        ]
      }
    }
  }
  for (hindi, english) in [
    ("आप कैसे हैं", "how are you"), ("आप कहाँ हैं", "where are you"), ("आप कौन हैं", "who are you"),
  ] {
    pairs += Array(repeating: .init(hindi, english), count: 8)
  }
  var generator = RandomGenerator(seed: 1)
  pairs.shuffle(using: &generator)

  var options = TranslatorOptions()
  (options.hiddenSize, options.embeddingSize, options.epochs) = (48, 48, 30)
  (options.batchSize, options.learningRate, options.dropout, options.seed) = (16, 4e-3, 0.1, 1)
  let translator = try TranslatorPlan(SentencePairs(pairs), options: options).train()
  print(translator.report)
  for sentence in ["आप कैसे हैं", "क्या वह घर सुंदर है", "यह मेज़ गोल नहीं है"] {
    print(sentence, "->", translator.translate(sentence))
  }
}
