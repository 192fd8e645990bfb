"""Batch work: one pure function over many inputs, on processes of this machine or on a Dask cluster.

A *pool* (:mod:`crawler.batch.pool`) runs functions somewhere, :func:`crawler.batch.work.run` gives it the inputs and
tries again what failed, *parts* (:mod:`crawler.batch.parts`) keep what is done, so that the same command resumes.
"""
