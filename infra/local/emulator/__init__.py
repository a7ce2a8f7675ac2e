"""The emulator: MiniStack as a background process, its server and our patches."""
