// A host in C, as small as can be: `cc host.c -lRecurrentAudio`, then `host amplifier.json`.

#include <stdio.h>

#include "recurrent_audio.h"

int main(int count, char **arguments) {
  char message[512];
  void *effect = count > 1 ? recurrent_audio_open(arguments[1], message, sizeof message) : NULL;
  if (!effect) {
    fprintf(stderr, "%s\n", count > 1 ? message : "host amplifier.json");
    return 65;
  }
  float block[64] = {1};  // a click
  recurrent_audio_process(effect, block, block, 64);
  for (int i = 0; i < 4; i++) printf("%g\n", block[i]);
  recurrent_audio_close(effect);
  return 0;
}
