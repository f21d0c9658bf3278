"""From bytes to events: layouts and messages are data, this room is the one engine that reads them."""
