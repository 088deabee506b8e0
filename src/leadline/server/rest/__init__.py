"""The API for people and programs, in Fleet's paths and shapes where Fleet has them."""
