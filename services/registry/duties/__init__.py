"""Duties (职责任务): what is owed to a child by the rules of its place, and by when; folded like key care."""
