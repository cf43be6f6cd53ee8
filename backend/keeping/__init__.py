"""The state as one file: backed up while the service runs, checked, and put back."""
