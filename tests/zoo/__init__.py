"""Oddities that tools write into web archives and that servers send, one small file or answer for each."""
