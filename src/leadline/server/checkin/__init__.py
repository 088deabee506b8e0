"""The agents' hot path: a raw ASGI application that answers from memory."""
