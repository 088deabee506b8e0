"""Rules of the server, one module a subject: no HTTP, no SQL text, no clock of their own."""
