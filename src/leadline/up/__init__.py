"""`leadline up`: a server and an agent on this machine, ready to use.

program     the command: options, order of steps, exit codes
processes   the two child processes, their files and their end
client      the few calls to the server's API that `up` needs
screen      what a person sees
"""
