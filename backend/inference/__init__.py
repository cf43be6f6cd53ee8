"""Bytes to answer: bundles, decoding, preprocessing, runtime, prediction. Imports nothing else of ours."""
