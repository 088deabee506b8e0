"""What the machine is made of, as its firmware and buses tell."""
