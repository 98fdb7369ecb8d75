"""Checked exercises: a module a lesson, each with q1, q2, ... to check, hint and solve."""
