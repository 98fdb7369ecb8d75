"""Checked exercises: one module per lesson, each with q1, q2, ... to check, hint and solve."""
