"""From events to a story: requests, passes, attempts, capacity, bursts. Imports only the model."""
