"""The inbox: takes Alertmanager's notifications in, makes pages of them and keeps those safe."""
