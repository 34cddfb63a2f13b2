#ifndef HDF5_OF_THE_SYSTEM_H
#define HDF5_OF_THE_SYSTEM_H

#if __has_include(<hdf5/serial/hdf5.h>)
#include <hdf5/serial/hdf5.h>
#elif __has_include(<hdf5.h>)
#include <hdf5.h>
#else
#error "HDF5's header is missing: apt-get install libhdf5-dev (Debian, Ubuntu), brew install hdf5 (macOS)"
#endif

#include <stdlib.h>

// What HDF5 says by macros, which Swift does not see.

/// The file at `path`, to be read; negative if it is none. Messages of the library are off.
static inline hid_t rh_open(const char *path) {
  if (H5open() < 0) return -1;
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  return H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
}

static inline hid_t rh_group(hid_t place, const char *path) { return H5Gopen2(place, path, H5P_DEFAULT); }
static inline hid_t rh_dataset(hid_t place, const char *path) { return H5Dopen2(place, path, H5P_DEFAULT); }

/// All elements of a data set, as doubles.
static inline herr_t rh_read(hid_t dataset, double *elements) {
  return H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, elements);
}

/// Whether a type is that of texts, and whether their lengths vary.
static inline int rh_is_text(hid_t type) { return H5Tget_class(type) == H5T_STRING; }
static inline int rh_is_float(hid_t type) { return H5Tget_class(type) == H5T_FLOAT; }

/// Texts of any lengths of an attribute; to be given back.
static inline herr_t rh_read_texts(hid_t attribute, char **texts) {
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5Tget_cset(H5Aget_type(attribute)));
  herr_t result = H5Aread(attribute, type, texts);
  H5Tclose(type);
  return result;
}

#endif
