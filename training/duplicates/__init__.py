"""Which pictures show the same, however they were scaled, cut, turned, mirrored, brightened or encoded."""
