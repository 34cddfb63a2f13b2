"""The parts of Scripts/benchmark."""
