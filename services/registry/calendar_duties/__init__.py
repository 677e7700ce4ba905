"""Calendar duties (日历任务): what schools and places owe once a term, a year or before a holiday, to no single child."""
