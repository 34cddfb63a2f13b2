"""Writes small arrays as NumPy keeps them, to prove that they are read as NumPy reads them.

    python generate_numpy.py OUT_DIR      (needs: numpy)

types.npz        the same numbers [2,3] in each element type, C order; "name" of the array is the type
orders.npz       arange(24) [2,3,4] as float32 in C order ("c") and Fortran order ("f"), a scalar, no elements
unnamed.npz      np.savez without names: arr_0 [2,3], arr_1 [3]
zip64.npz        written to a stream that cannot seek, so with data descriptors behind the entries
compressed.npz   np.savez_compressed
fortran.npy      one array [3,2], Fortran order
version3.npy     version 3 of the format
inexact.npy      float64 0.1, which no float32 equals
records.npy objects.npy big.npy complex.npy    what is refused
int8.npy int16.npy uint8.npy bool.npy          small whole numbers and truth values
"""
import io, sys
from pathlib import Path
import numpy as np


class Stream(io.RawIOBase):
    def __init__(self, path): self.file = open(path, "wb")
    def writable(self): return True
    def seekable(self): return False
    def write(self, data): return self.file.write(data)
    def close(self): self.file.close(); super().close()


def main(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    x = np.array([[0.5, -2.25, 1024], [2**-24, 0, -0.0]])
    np.savez(folder / "types.npz", **{t: x.astype(t) for t in ("float16", "float32", "float64")},
             **{t: np.array([[-7, 2**31 - 1]]).astype(t) for t in ("int32", "int64")})
    cube = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    np.savez(folder / "orders.npz", c=cube, f=np.asfortranarray(cube), scalar=np.float32(3),
             none=np.asfortranarray(np.zeros((2, 0, 3), np.float32)))
    np.savez(folder / "unnamed.npz", cube[0, :2, :3] + 1, np.array([1, 2, 3], np.float32))
    stream = Stream(folder / "zip64.npz")
    np.savez(stream, a=cube, b=cube[1])
    stream.close()
    np.savez_compressed(folder / "compressed.npz", a=cube)
    np.save(folder / "fortran.npy", np.asfortranarray(np.arange(6, dtype=np.float32).reshape(3, 2)))
    with open(folder / "version3.npy", "wb") as file:
        np.lib.format.write_array(file, np.array([1.5], np.float32), version=(3, 0))
    np.save(folder / "inexact.npy", np.array([0.5, 0.1]))
    np.save(folder / "records.npy", np.zeros(2, [("a", "f4"), ("b", "i4")]))
    np.save(folder / "objects.npy", np.array([None, "a"], object), allow_pickle=True)
    np.save(folder / "big.npy", np.zeros(2, ">f4"))
    np.save(folder / "complex.npy", np.zeros(2, np.complex64))
    for kind, values in (("int8", [-128, 7]), ("int16", [-300, 7]), ("uint8", [200, 7]), ("bool", [True, False])):
        np.save(folder / f"{kind}.npy", np.array(values, kind))


if __name__ == "__main__":
    main(sys.argv[1])
