// A neural amplifier or pedal for audio code in C or C++: link libRecurrentAudio.

#ifndef RECURRENT_AUDIO_H
#define RECURRENT_AUDIO_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Reads a network in the JSON of RTNeural or GuitarML; null if it cannot be read, with the reason in `message` (of `size`
/// bytes; may be null). Not from the audio thread.
void *recurrent_audio_open(const char *path, char *message, ptrdiff_t size);

/// `count` samples; `output` may be `input`. For the audio thread: allocates nothing, takes no lock.
void recurrent_audio_process(void *effect, const float *input, float *output, ptrdiff_t count);

/// Silence before the next sample. Not from the audio thread.
void recurrent_audio_reset(void *effect);

/// Frees an effect. Not from the audio thread.
void recurrent_audio_close(void *effect);

#ifdef __cplusplus
}
#endif

#endif
