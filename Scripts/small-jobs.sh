# For scripts that train all seven jobs: makes their data in the working folder, drawn from RANDOM, and sets `jobs`.

# Data enough for some seconds of training.
words=(the small old red dog cat bird sees hears likes a good bad slow quick song stone river)
sentence() { local text=; for _ in 1 2 3 4 5 6 7 8; do text+="${words[RANDOM % ${#words[@]}]} "; done; echo "${text% }"; }
for _ in $(seq 400); do sentence; done >good.txt
for _ in $(seq 400); do echo "$(sentence) no"; done >bad.txt
for _ in $(seq 300); do s="$(sentence)"; printf '%s\t%s\n' "$s" "$(rev <<<"$s")"; done >pairs.tsv
for _ in $(seq 300); do for w in $(sentence); do printf '%s\t%s\n' "$w" "$([ ${#w} -gt 4 ] && echo B-LONG || echo O)"; done; echo; done >tags.conll
cat good.txt bad.txt >text.txt
{ printf '['; for tune in $(seq 24); do
  [ "$tune" -gt 1 ] && printf ','; printf '['
  for step in $(seq 48); do [ "$step" -gt 1 ] && printf ','; printf '[%d,%d]' $((48 + (tune + step) % 12)) $((60 + step * tune % 12)); done
  printf ']'; done; printf ']'; } >tunes.json

jobs=(
  "forecaster --window 20 --hidden 24 --layers 1 --epochs 12"
  "image-classifier --hidden 48 --epochs 6"
  "classifier good.txt bad.txt --hidden 24 --ensemble 2 --epochs 6"
  "tagger tags.conll --hidden 24 --ensemble 2 --epochs 6"
  "translator pairs.tsv --hidden 32 --embedding 32 --epochs 8"
  "generator text.txt --hidden 64 --epochs 6 --steps 50"
  "composer tunes.json --hidden 64 --epochs 30"
)
