"""Survey rounds (摸底排查轮次): campaigns over an area, and which of its children each of them reached."""
