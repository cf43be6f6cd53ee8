"""Where bundles lie: in a folder, or at a URL with copies on this machine."""
