"""`python -m backend.api.doctor`: is all in order with an installation, and what is to be done where it is
not?"""
