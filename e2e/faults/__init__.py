"""`python -m e2e.faults`: kill -9 a real server at random moments, again and again, and hold what
it tells afterwards against what readers had received before.
"""
