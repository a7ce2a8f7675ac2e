"""The stack on this machine: the emulator, the sandboxes, the layers, the deployment."""
