"""The service. It never imports torch, training or the page."""
